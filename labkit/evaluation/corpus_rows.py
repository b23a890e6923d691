"""The rows of one file of a corpus, as they stand there: parquet, jsonl, csv or tab-separated."""

from __future__ import annotations

import csv
import io
import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from labkit.errors import InputError, SourceError

ORIGINAL_COLUMNS = {"#1 String": "sentence1", "#2 String": "sentence2", "Quality": "label"}
"""The columns in the corpus's own tab-separated form (Dolan and Brockett 2005)."""


_BLANK = "\u115f\u1160\u2800\u3164\uffa0"  # letters and symbols by name, of which nothing shows
_POINTER = b"version https://git-lfs.github.com/spec/v1"


def read_rows(file: Path) -> Iterator[dict]:
    """The rows of one file, by columns.

    Raises:
        InputError: a damaged file, text that is not UTF-8, a row of another length than the
            header, or two columns of one name; with file and row.
        SourceError: it cannot be read.
    """
    refuse_pointer(file)
    readers = {".parquet": _read_parquet, ".jsonl": _read_jsonl}
    yield from readers.get(file.suffix.lower(), _read_columns)(file)


def _read_parquet(file: Path) -> Iterator[dict]:
    import pyarrow.parquet as parquet
    from pyarrow import ArrowException

    try:
        _check_names(file, parquet.read_schema(file).names)
        yield from parquet.read_table(file).to_pylist()
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{file} is not a whole parquet file: {reason}") from error


def label_names(file: Path) -> list[str] | None:
    """The names of label 0, 1, ... that `datasets` writes into a parquet file; None without.

    Raises:
        InputError: a damaged file.
    """
    import pyarrow.parquet as parquet
    from pyarrow import ArrowException

    if file.suffix.lower() != ".parquet":
        return None
    try:
        metadata = parquet.read_schema(file).metadata or {}
        features = json.loads(metadata.get(b"huggingface", b"{}"))["info"]["features"]
        return [str(name) for name in features["label"]["names"]]
    except (ArrowException, OSError) as error:
        raise InputError(f"{file} is not a whole parquet file: {error}") from error
    except (KeyError, TypeError, ValueError):
        return None


def _read_jsonl(file: Path) -> Iterator[dict]:
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, object_pairs_hook=partial(_unique, f"{file}, row {number}"))
        except json.JSONDecodeError as error:
            raise InputError(f"{file}, row {number}: not JSON ({error.msg})") from error
        if not isinstance(row, dict):
            raise InputError(f"{file}, row {number}: a {type(row).__name__}, not a JSON object")
        yield row


def _unique(where: str, pairs: list[tuple[str, object]]) -> dict:
    _check_names(where, [name for name, _ in pairs])
    return dict(pairs)


def _check_names(where: object, names: Iterable[str]) -> None:
    """Refuse two columns of one name: which of them counts would be a guess."""
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise InputError(
            f"{where}: two columns are called {twice[0]!r}. Keep one of them, or give the other "
            "another name"
        )


def _read_columns(file: Path) -> Iterator[dict]:
    text = read_text(file)
    header = text.split("\n", 1)[0]
    comma = "," in header and (file.suffix.lower() == ".csv" or "\t" not in header)
    lines = list(_quoted(file, text, ",") if comma else _tab_separated(file, text))
    if not lines:
        return
    columns = [name.strip() for name in lines[0]]
    names = [ORIGINAL_COLUMNS.get(name, name) for name in columns]
    _check_names(file, names)
    for number, values in enumerate(lines[1:], start=1):
        if len(values) != len(names):
            raise InputError(
                f"{file}, row {number}: {len(values)} fields where the header has "
                f"{len(names)} ({', '.join(names)})"
            )
        yield dict(zip(names, values, strict=True))


def _quoted(file: Path, text: str, delimiter: str) -> Iterator[list[str]]:
    """The lines by the rules of csv (RFC 4180), without empty ones."""
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    try:
        yield from (values for values in lines if values)
    except csv.Error as error:
        raise InputError(f"{file}, line {lines.line_num}: {error}") from error


def _tab_separated(file: Path, text: str) -> list[list[str]]:
    """The lines of a tab-separated file, without empty ones; quoted or not, as it was written.

    The corpus's own files and GLUE's quote nothing, and a sentence may begin or end with a
    quotation mark; pandas and others quote by the rules of csv.  The file tells: it is quoted
    where its header is, or where each row read by these rules has a field for each column and
    writing them gives the same lines again.
    """
    lines = [line for line in text.split("\n") if line]
    plain = [line.split("\t") for line in lines]
    if '"' not in text:
        return plain
    if lines[0].startswith('"'):
        return list(_quoted(file, text, "\t"))
    try:
        quoted = list(_quoted(file, text, "\t"))
    except InputError:
        return plain  # a stray quotation mark
    if len({len(values) for values in plain}) > 1:  # perhaps tabs or line ends inside a sentence
        ran_on = any("\t" in value and "\n" in value for values in quoted for value in values)
        return plain if ran_on else quoted
    whole = len(quoted) == len(plain) and len({len(values) for values in quoted}) == 1
    return quoted if whole and _written(quoted) == lines else plain


def _written(rows: list[list[str]]) -> list[str]:
    """The lines that a writer makes of the rows who quotes only where it must be."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter="\t", lineterminator="\n").writerows(rows)
    return buffer.getvalue().split("\n")[:-1]


def refuse_pointer(file: Path) -> None:
    """Refuse what Git LFS leaves in place of a file that it has not fetched.

    Raises:
        InputError: says how to fetch it.
        SourceError: it cannot be read.
    """
    try:
        with file.open("rb") as handle:
            start = handle.read(len(_POINTER))
    except OSError as error:
        raise SourceError(f"cannot read {file}: {error.strerror or error}") from error
    if start == _POINTER:
        raise InputError(
            f"{file} is a pointer of Git LFS, not the file itself: run `git lfs pull` in its "
            "folder, or download the file again"
        )


def shows(text: str) -> bool:
    """Whether a text has any character that shows: not only spaces, controls and joiners."""
    return any(unicodedata.category(c)[0] not in "ZCM" and c not in _BLANK for c in text)


def read_text(file: Path) -> str:
    """The file as text, without a byte order mark, with `\\n` line ends."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {file}: {error.strerror or error}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8. "
            "Save the file as UTF-8."
        ) from error
    return text.replace("\r\n", "\n")
