"""Moodle's GIFT: questions as text (docs.moodle.org, "GIFT format")."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from labkit.quiz.bank import Bank, Question
from labkit.quiz.markup import for_moodle, to_html

COURSE = "LLM Sparsity Lab"


def gift(banks: Sequence[Bank]) -> str:
    """All questions, each bank in a category of its own."""
    blocks = [block for bank in banks for block in _bank(bank)]
    return "\n\n".join(blocks) + "\n"


def _bank(bank: Bank) -> Iterator[str]:
    yield f"$CATEGORY: {category(bank)}"
    for question in bank.questions:
        yield _question(question)


def category(bank: Bank) -> str:
    """Where Moodle puts a bank: below the course's top category, a level per slash."""
    number = bank.name.partition("-")[0]
    return f"$course$/top/{COURSE}/{number} {bank.title.replace('/', '//')}"


def _question(question: Question) -> str:
    lines = [f"::{_escaped(question.title)}::[html]{_html(question.text)}{{"]
    for choice in question.choices:
        lines += [
            f"{'=' if choice.right else '~'}{_html(choice.text)}",
            f"#{_html(choice.feedback)}",
        ]
    return "\n".join([*lines, "}"])


def _html(text: str) -> str:
    return _escaped(to_html(text, for_moodle))


def _escaped(text: str) -> str:
    """What GIFT reads as itself: a backslash before each character that it uses."""
    return re.sub(r"([\\~=#{}:])", r"\\\1", re.sub(r"[\r\n]+", " ", text))
