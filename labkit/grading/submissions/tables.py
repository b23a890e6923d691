"""Read a CSV file as a person or a learning platform wrote it."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import InputError

_MOST = 50 * 2**20  # bytes


@dataclass(frozen=True)
class Table:
    """The names of the columns as they stand there, and each row with its number in the file."""

    columns: list[str]
    rows: list[tuple[int, list[str]]]


def read_table(path: Path | str) -> Table:
    """A table with a head, with commas, semicolons or tabs; UTF-8, or UTF-16 with its mark.

    Empty rows are left out.  A row may be shorter than the head, or longer by empty cells.

    Raises:
        InputError: there is no such file, it is no table, or a row has more cells than the head.
    """
    try:
        lines = _lines(Path(path))
        text = "\n".join(lines)
        first = lines[0] if lines else ""
        sign = ""
        if first.strip().strip('"').lower().startswith("sep=") and len(first.strip('" ')) == 5:
            sign, text = first.strip('" ')[4], "\n" + "\n".join(lines[1:])  # keeps the numbers
            first = next(iter(lines[1:]), "")
        # Excel writes semicolons in half of Europe.
        sign = sign or max(",;\t", key=first.count)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
        rows = [(line, row) for line, row in _numbered(reader) if any(map(str.strip, row))]
    except UnicodeDecodeError:
        raise InputError(
            f"{path} cannot be read as a CSV table: its text is not in UTF-8. Save it as UTF-8 "
            '(in Excel: "CSV UTF-8").'
        ) from None
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as a CSV table ({error}).") from None
    if not rows:
        raise InputError(f"{path} cannot be read as a CSV table (it is empty).")
    head = [name.strip() for name in rows[0][1]]
    table = Table(head, [])
    for line, row in rows[1:]:
        cells = [cell.strip() for cell in row]
        if any(cells[len(head) :]):
            raise InputError(
                f"{path}, line {line}: {sign.join(row)!r} has {len(row)} cells, and the head "
                f"{sign.join(head)!r} has {len(head)}, so that it is not known which is which. "
                f'Put cells with {sign!r} in them into quotes: "Lovelace, Ada".'
            )
        table.rows.append((line, (cells + [""] * len(head))[: len(head)]))
    return table


def _lines(path: Path) -> list[str]:
    with path.open("rb") as file:
        data = file.read(_MOST + 1)
    if len(data) > _MOST:
        raise ValueError(f"it is larger than {_MOST // 2**20} MiB")
    marked = data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and len(data) > 2
    text = data.decode("utf-16" if marked else "utf-8-sig")
    return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")


def _numbered(reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    for row in reader:
        yield reader.line_num, row  # type: ignore[attr-defined]
