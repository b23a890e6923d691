"""Load MRPC, or any corpus of sentence pairs in its form, and check every row."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.evaluation.corpus_files import SPLITS, Found, find
from labkit.evaluation.corpus_rows import label_names, read_rows, shows
from labkit.evaluation.label_order import LabelOrder, corpus_order
from labkit.models import hub, sources

if TYPE_CHECKING:
    from datasets import Dataset, DatasetDict

LABELS = ("not_equivalent", "equivalent")
"""Names of label 0 and 1, as in GLUE."""

COLUMNS = ("sentence1", "sentence2", "label")
"""Columns that a file must have; `idx` is numbered from 0 where it is missing."""


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
        1 equivalent), `idx` (int32).  Labels that a parquet file names the other way round, as
        RTE's (0 entailment), are turned, which `remarks` says; without names 1 is equivalent.  A
        split without any label (GLUE's test.tsv, or -1 in every
        row) is left out where another has some; `remarks` names it, and each file of a
        folder that was not read.

    Raises:
        SourceError: nothing to read there; names what was looked for.
        InputError: a missing column or two of one name, a label other than 0 or 1, an empty
            sentence or split, text that is not UTF-8, a damaged file (named, with the row and the
            value); a split in several files that are not the numbered parts of one.
    """
    source = str(source)
    if source == "mini":
        return _mini().with_format(None)  # a copy: of the one that is kept nobody sets a format
    if source == "hub":
        return hub.load_glue_mrpc()
    data, found, unlabelled, orders = _load_path(Path(source).expanduser())
    data.left_out = _LeftOut(source, found.unread, found.overlooked, unlabelled, orders)
    return data


@dataclass(frozen=True)
class _LeftOut:
    """What `load_mrpc` left out of `source`; hangs on the `DatasetDict` that it returns.

    `unlabelled` maps a split to the reason why its rows cannot be scored; `orders` says which
    label was taken for which.
    """

    source: str
    unread: tuple[str, ...] = ()
    overlooked: tuple[str, ...] = ()
    unlabelled: dict[str, str] = field(default_factory=dict)
    orders: tuple[str, ...] = ()


def remarks(data: DatasetDict) -> tuple[str, ...]:
    """What was left out of the corpus that `load_mrpc` read, as sentences without full stops."""
    left_out = getattr(data, "left_out", _LeftOut(""))
    said = []
    if left_out.unread:
        said.append(f"{left_out.source}: not read: {', '.join(left_out.unread)}")
    for split, reason in left_out.unlabelled.items():
        said.append(f"the {split} split was left out, since it has no labels ({reason})")
    return (*said, *left_out.orders)


def evaluation_split(data: DatasetDict, split: str | None = None) -> Dataset:
    """The split to evaluate on: `split`, else validation, else test.

    Raises:
        InputError: that split is not there, or has no labels; or without `split` there are only
            test rows beside what may be a validation split; names what there is.
    """
    left_out = getattr(data, "left_out", _LeftOut(""))
    for wanted in (SPLITS.get(split, split),) if split else ("validation", "test"):
        if wanted in left_out.unlabelled:
            raise InputError(
                f"the {wanted} split has no labels to score against "
                f"({left_out.unlabelled[wanted]}): name another split (--split)"
            )
        if wanted in data:
            if not split and wanted == "test" and left_out.overlooked:
                raise InputError(
                    f"{left_out.source} has a test split, and no validation split that could be "
                    f"read, but {', '.join(left_out.overlooked)}: call that file validation.csv "
                    "(or parquet, tsv, jsonl), or name the split to evaluate on (--split test)"
                )
            return data[wanted]
    raise InputError(
        f"the corpus has no {split or 'validation or test'} split, only {', '.join(data)}: "
        "name the split to evaluate on (--split)."
    )


def positive_share(data: DatasetDict) -> float | None:
    """Share of label 1 in the train split, 0 to 1: the constant-prior baseline; None without it."""
    if "train" not in data:
        return None
    labels = data["train"]["label"][:]  # at once: one after another takes a hundred times as long
    return sum(labels) / len(labels)


@functools.cache
def _mini() -> DatasetDict:
    """The corpus that ships with labkit, read and checked once in a process."""
    return _load_path(sources.mini_corpus())[0]


def _load_path(path: Path) -> tuple[DatasetDict, Found, dict[str, str], tuple[str, ...]]:
    """Splits with labels, files, for splits without labels the reason, what names say of labels."""
    from datasets import DatasetDict

    found = find(path)
    splits: dict[str, list[dict]] = {}
    refused: dict[str, InputError] = {}
    orders = {file: _order(file) for files in found.splits.values() for file in files}
    if len({order.positive for order in orders.values()}) > 1:
        said = "; ".join(order.remark for order in orders.values() if order.remark)
        raise InputError(
            f"{path}: {said}, and not so in the other files: give the labels the same numbers in "
            f"all files, 0 for {LABELS[0]} and 1 for {LABELS[1]}"
        )
    for split in sorted(found.splits, key=list(dict.fromkeys(SPLITS.values())).index):
        files = [(file, list(read_rows(file))) for file in found.splits[split]]
        if not any(rows for _, rows in files):
            raise InputError(f"{path}: the {split} split has no rows")
        try:
            splits[split] = [row for file, raw in files for row in _checked_rows(file, raw)]
        except InputError as error:
            if any(_labelled(row) for _, raw in files for row in raw):
                raise
            refused[split] = error
    if not splits:
        raise next(iter(refused.values()))
    reasons = {split: str(error) for split, error in refused.items()}
    data = DatasetDict({split: _dataset(rows) for split, rows in splits.items()})
    return data, found, reasons, tuple(o.remark for o in orders.values() if o.remark)


def _order(file: Path) -> LabelOrder:
    return corpus_order(label_names(file), file.name)


def _labelled(row: dict) -> bool:
    """Whether the row has a label at all: not -1, as GLUE's hidden ones, and not nothing."""
    label = row.get("label")
    return label == label and str(label) not in ("None", "", "-1", "-1.0")  # NaN differs from NaN


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


def _checked_rows(file: Path, raw: Sequence[dict]) -> list[dict]:
    rows = [_checked(file, number, row) for number, row in enumerate(raw, start=1)]
    if _order(file).positive == 0:
        for row in rows:
            row["label"] = 1 - row["label"]
    return rows


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
        try:
            sentence = isinstance(row[column], str) and row[column].encode() and shows(row[column])
        except UnicodeEncodeError:  # JSON can name half of a surrogate pair
            raise InputError(
                f"{file}, row {number}: {column} is {row[column]!r}, which is no Unicode text"
            ) from None
        if not sentence:
            raise InputError(f"{file}, row {number}: {column} is {row[column]!r}, not a sentence")
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
