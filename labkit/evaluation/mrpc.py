"""Load MRPC, or any corpus of sentence pairs in its form, and check every row."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import InputError, SourceError
from labkit.models import hub, sources

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

LABELS = ("not_equivalent", "equivalent")
"""Names of label 0 and 1, as in GLUE."""

COLUMNS = ("sentence1", "sentence2", "label")
"""Columns that a file must have; `idx` is numbered from 0 where it is missing."""

ORIGINAL_COLUMNS = {"#1 String": "sentence1", "#2 String": "sentence2", "Quality": "label"}
"""The same columns in the corpus's own tab-separated form (Dolan and Brockett 2005)."""

SPLITS = {
    "train": "train",
    "validation": "validation",
    "valid": "validation",
    "dev": "validation",
    "test": "test",
}
"""Last word of a file name → its split; a single file without one is `validation`."""

_NAME = re.compile(  # behind the split's word the hub's files have their number and a hash
    rf"(?P<stem>(?:.*[^a-z])?(?P<split>{'|'.join(SPLITS)}))"
    r"(?:[._-](?P<number>\d+)(?:-of-(?P<of>\d+))?)?(?:-[0-9a-f]{16})?"
)

SUFFIXES = (".parquet", ".csv", ".tsv", ".txt", ".jsonl")


def load_mrpc(source: str | Path = "mini") -> DatasetDict:
    """Load sentence pairs labelled as paraphrases or not.

    Args:
        source: "mini" (the generated corpus that ships with labkit), "hub" (MRPC from
            `nyu-mll/glue`), or a path: a folder or one file of parquet, csv, tsv or jsonl with the
            columns `sentence1, sentence2, label` (and `idx`), or in the original corpus's
            tab-separated form (`Quality, #1 ID, #2 ID, #1 String, #2 String`).

    Returns:
        A `DatasetDict` with the splits that were found, in the order train, validation, test.
        Features: `sentence1` and `sentence2` (string), `label` (ClassLabel: 0 not_equivalent,
        1 equivalent), `idx` (int32).

    Raises:
        SourceError: nothing to read there; names what was looked for.
        InputError: a missing column, a label other than 0 or 1, an empty sentence or split, text
            that is not UTF-8, a damaged file (named, with the row and the value); a split in
            several files that are not the numbered parts of one.
    """
    source = str(source)
    if source == "mini":
        return _load_path(sources.mini_corpus())
    if source == "hub":
        return hub.load_glue_mrpc()
    return _load_path(Path(source).expanduser())


def evaluation_split(data: DatasetDict, split: str | None = None) -> Dataset:
    """The split to evaluate on: `split`, else validation, else test.

    Raises:
        InputError: that split is not there; names those that are.
    """
    for wanted in (split,) if split else ("validation", "test"):
        if wanted in data:
            return data[wanted]
    raise InputError(
        f"the corpus has no {split or 'validation or test'} split, only {', '.join(data)}: "
        "name the split to evaluate on (--split)."
    )


def positive_share(data: DatasetDict) -> float | None:
    """Share of label 1 in the train split, 0 to 1: the constant-prior baseline; None without it."""
    if "train" not in data:
        return None
    labels = data["train"]["label"]
    return sum(labels) / len(labels)


def _load_path(path: Path) -> DatasetDict:
    from datasets import DatasetDict

    splits: dict[str, list[dict]] = {}
    for file, split in _files(path):
        splits.setdefault(split, []).extend(_rows(file))
    for split, rows in splits.items():
        if not rows:
            raise InputError(f"{path}: the {split} split has no rows")
    ordered = sorted(splits, key=list(dict.fromkeys(SPLITS.values())).index)
    return DatasetDict({split: _dataset(splits[split]) for split in ordered})


def _files(path: Path) -> list[tuple[Path, str]]:
    """The files to read with their splits, shards in the order of their names."""
    if path.is_file():
        if path.suffix not in SUFFIXES:
            raise InputError(f"{path}: cannot read {path.suffix or 'this'} files, only {SUFFIXES}")
        return [(path, SPLITS[name["split"]] if (name := _name(path)) else "validation")]
    if not path.is_dir():
        raise SourceError(
            f"{path} does not exist. A corpus is 'mini', 'hub', or a file or folder of "
            "parquet, csv, tsv or jsonl in MRPC's form."
        )
    found = [
        (file, SPLITS[name["split"]])
        for file in sorted(path.iterdir())
        if file.suffix in SUFFIXES and (name := _name(file))
    ]
    if not found:
        raise SourceError(
            f"{path} has no file of a split: expected names such as train.csv, validation.csv, "
            f"test.csv (or dev) with one of {', '.join(SUFFIXES)}"
        )
    for split in dict.fromkeys(split for _, split in found):
        _check_parts(path, split, [file for file, of in found if of == split])
    return found


def _check_parts(path: Path, split: str, files: list[Path]) -> None:
    """Refuse files that are not the parts of one split, or not all of them."""
    listed = ", ".join(file.name for file in files)
    names = [name for file in files if (name := _name(file))]
    for what, kinds in (
        ("formats", {file.suffix for file in files}),
        ("files", {name["stem"] for name in names}),
    ):
        if len(kinds) > 1:
            raise InputError(
                f"{path} has the {split} split in several {what} ({listed}): name one file, or "
                "remove the others"
            )
    numbers = {name["number"] for name in names}
    counts = {name["of"] and int(name["of"]) for name in names}
    single = len(files) == 1 and counts == {None}
    whole = None not in numbers and len(numbers) == len(files)
    if not single and not (whole and counts in ({None}, {len(files)})):
        raise InputError(
            f"{path} does not have the parts of the {split} split once each ({listed}): copy what "
            "is missing, or name one file"
        )


def _name(file: Path) -> re.Match[str] | None:
    """The parts of a file's name, or None where it does not end in a split's word."""
    return _NAME.fullmatch(file.name.lower().removesuffix(file.suffix.lower()))


def _dataset(rows: list[dict]) -> Dataset:
    from datasets import ClassLabel, Dataset, Features, Value

    features = Features(
        sentence1=Value("string"),
        sentence2=Value("string"),
        label=ClassLabel(names=list(LABELS)),
        idx=Value("int32"),
    )
    columns = {name: [row[name] for row in rows] for name in COLUMNS}
    columns["idx"] = [row.get("idx", number) for number, row in enumerate(rows)]
    return Dataset.from_dict(columns, features=features)


def _rows(file: Path) -> Iterator[dict]:
    """The rows of one file, each checked."""
    read = {".parquet": _read_parquet, ".jsonl": _read_jsonl}.get(file.suffix, _read_text)
    for number, raw in enumerate(read(file), start=1):
        yield _checked(file, number, raw)


def _checked(file: Path, number: int, raw: dict) -> dict:
    row = {}
    for column in COLUMNS:
        if column not in raw:
            raise InputError(
                f"{file}, row {number}: no column {column!r}, only {', '.join(map(str, raw))}. "
                f"MRPC's columns are {', '.join(COLUMNS)} (idx)."
            )
        row[column] = raw[column]
    for column in COLUMNS[:2]:
        if not isinstance(row[column], str) or not row[column].strip():
            raise InputError(f"{file}, row {number}: {column} is {row[column]!r}, not a sentence")
        try:
            row[column].encode()
        except UnicodeEncodeError:  # JSON can name half of a surrogate pair
            raise InputError(
                f"{file}, row {number}: {column} is {row[column]!r}, which is no Unicode text"
            ) from None
    if str(row["label"]) not in ("0", "1"):
        raise InputError(
            f"{file}, row {number}: label is {row['label']!r}; it must be 0 ({LABELS[0]}) or "
            f"1 ({LABELS[1]})"
        )
    row["label"] = int(row["label"])
    row["idx"] = _index(file, number, raw.get("idx"))
    return row


def _index(file: Path, number: int, idx: object) -> int:
    """The row's `idx`, or its place in the file where it has none."""
    if idx in (None, ""):
        return number - 1
    try:
        found = int(idx)
        if isinstance(idx, float) and found != idx:
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise InputError(f"{file}, row {number}: idx is {idx!r}, not a whole number") from None
    if not -(2**31) <= found < 2**31:
        raise InputError(f"{file}, row {number}: idx is {idx!r}, which 32 bits do not hold")
    return found


def _read_parquet(file: Path) -> Iterator[dict]:
    import pyarrow.parquet as parquet
    from pyarrow import ArrowException

    try:
        yield from parquet.read_table(file).to_pylist()
    except (ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{file} is not a whole parquet file: {reason}") from error


def _read_jsonl(file: Path) -> Iterator[dict]:
    for number, line in enumerate(_text(file).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{file}, row {number}: not JSON ({error.msg})") from error
        if not isinstance(row, dict):
            raise InputError(f"{file}, row {number}: a {type(row).__name__}, not a JSON object")
        yield row


def _read_text(file: Path) -> Iterator[dict]:
    text = _text(file)
    header = text.split("\n", 1)[0]
    original = "#1 String" in header
    # The original corpus quotes nothing: a sentence may begin with a stray quotation mark.
    lines = csv.reader(
        io.StringIO(text, newline=""),
        delimiter="," if file.suffix == ".csv" else "\t",
        quoting=csv.QUOTE_NONE if original else csv.QUOTE_MINIMAL,
        strict=not original,
    )
    try:
        names = [ORIGINAL_COLUMNS.get(name, name) for name in next(lines, [])]
        for number, values in enumerate(lines, start=1):
            if not values:
                continue
            if len(values) != len(names):
                raise InputError(
                    f"{file}, row {number}: {len(values)} fields where the header has "
                    f"{len(names)} ({', '.join(names)})"
                )
            yield dict(zip(names, values, strict=True))
    except csv.Error as error:
        raise InputError(f"{file}, line {lines.line_num}: {error}") from error


def _text(file: Path) -> str:
    """The file as text, without a byte order mark, with `\\n` line ends."""
    try:
        data = file.read_bytes()
    except OSError as error:
        raise SourceError(f"cannot read {file}: {error.strerror}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{file}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8. "
            "Save the file as UTF-8."
        ) from error
    return text.replace("\r\n", "\n")
