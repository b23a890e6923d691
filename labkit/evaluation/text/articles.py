"""Rows of WikiText, a line each, joined to articles (Merity et al. 2017)."""

from __future__ import annotations

import re
from collections.abc import Sequence

_TITLE = re.compile(r" = [^=\n].* = \n?")
"""The heading of an article; those of its sections have two equals signs or more on each side."""


def join_articles(rows: Sequence[str]) -> tuple[list[str], str | None]:
    """The articles, and what was joined in words; rows of another form stay as they are (None).

    An article begins at each title that has an empty row (or nothing) before it and one behind it.
    Its text is its rows one after the other, with their line ends, and without space around it.
    """
    if not is_wikitext(rows):
        return list(rows), None
    articles: list[list[str]] = []
    empty = 0
    for at, row in enumerate(rows):
        empty += not row.strip()
        if _is_title(rows, at):
            articles.append([])
        if articles:
            articles[-1].append(row)
    texts = ["".join(article).strip() for article in articles]
    return texts, (
        f"{len(rows)} rows are lines of {len(texts)} articles, joined at their titles; {empty} of "
        "them are empty"
    )


def is_wikitext(rows: Sequence[str]) -> bool:
    """Whether the first row that is not empty is a title with an empty row behind it."""
    first = next((at for at, row in enumerate(rows) if row.strip()), None)
    return first is not None and _is_title(rows, first)


def _is_title(rows: Sequence[str], at: int) -> bool:
    before = at == 0 or not rows[at - 1].strip()
    behind = at + 1 == len(rows) or not rows[at + 1].strip()
    return before and behind and _TITLE.fullmatch(rows[at]) is not None
