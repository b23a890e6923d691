"""The documents of one file: plain text, JSON lines or parquet."""

from __future__ import annotations

import re
from pathlib import Path

from labkit.errors import InputError
from labkit.evaluation.corpus_rows import read_rows, read_text, refuse_pointer
from labkit.evaluation.text.articles import is_wikitext

SUFFIXES = (".txt", ".jsonl", ".parquet")
COLUMN = "text"
NAMED = 5
"""Rows or files that a sentence names; of more it gives the count."""

_BLANK_LINES = re.compile(r"\n(?:[^\S\n]*\n)+")


def read_rows_of_text(file: Path, *, whole: bool = False) -> tuple[list[str], tuple[str, ...]]:
    """The rows of a file as they stand there, and in words which of them are empty.

    Of a `.txt` file the blocks between blank lines, with `whole` all of it as one, or its lines
    where it is WikiText's.

    Raises:
        InputError: binary, not UTF-8, a pointer of Git LFS, no column `text`, or a row that is no
            text; with the row and what to do.
        SourceError: it cannot be read.
    """
    if file.suffix.lower() == ".txt":
        return _plain(file, whole)
    rows = [_text_of(file, number, row) for number, row in enumerate(read_rows(file), start=1)]
    if is_wikitext(rows):
        return rows, ()
    return rows, _said(file, [number for number, row in enumerate(rows, 1) if not row.strip()])


def _plain(file: Path, whole: bool) -> tuple[list[str], tuple[str, ...]]:
    refuse_pointer(file)
    text = read_text(file)
    if "\x00" in text:
        line = text.count("\n", 0, text.index("\x00")) + 1
        raise InputError(
            f"{file}, line {line}: a byte 0, which no text has: the file is binary, or in UTF-16. "
            "Save the text as UTF-8."
        )
    lines = text.splitlines(keepends=True)
    if is_wikitext(lines):
        return lines, ()
    blocks = [text] if whole else _BLANK_LINES.split(text)
    found = [block.strip("\n") for block in blocks if block.strip()]
    return found, () if found else (f"{file.name} is empty",)


def _text_of(file: Path, number: int, row: dict) -> str:
    if COLUMN not in row:
        raise InputError(
            f"{file}, row {number}: no column {COLUMN!r}, only {', '.join(map(str, row)) or 'none'}"
            f". Give the column that holds the documents the name {COLUMN!r}."
        )
    text = row[COLUMN]
    if text is None:
        return ""
    if not isinstance(text, str):
        raise InputError(
            f"{file}, row {number}: {COLUMN} is {text!r:.60}, a {type(text).__name__} and not "
            "text. Write it as a string, or leave the row out."
        )
    try:
        text.encode()
    except UnicodeEncodeError:  # JSON can name half of a surrogate pair
        raise InputError(
            f"{file}, row {number}: {COLUMN} holds half of a surrogate pair, which is no Unicode "
            "text. Write the character itself, or leave the row out."
        ) from None
    return text


def _said(file: Path, empty: list[int]) -> tuple[str, ...]:
    if not empty:
        return ()
    listed = ", ".join(map(str, empty[:NAMED])) + (", …" if len(empty) > NAMED else "")
    rows = "row is" if len(empty) == 1 else "rows are"
    return (f"{file.name}: {len(empty)} {rows} empty ({listed})",)
