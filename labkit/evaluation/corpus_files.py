"""Which files of a folder are the splits of a corpus, by their names; and which were not read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import InputError, SourceError

SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "validate": "validation",
    "valid": "validation",
    "val": "validation",
    "development": "validation",
    "devel": "validation",
    "dev": "validation",
    "evaluation": "validation",
    "eval": "validation",
    "test": "test",
    "testing": "test",
}
"""Last word of a file name → its split; a single file without one is `validation`."""

SUFFIXES = (".parquet", ".csv", ".tsv", ".txt", ".jsonl")

_NAME = re.compile(  # behind the split's word the hub's files have their number and a hash
    rf"(?P<stem>(?:.*[^a-z])?(?P<split>{'|'.join(SPLITS)}))"
    r"(?:[._-](?P<number>\d+)(?:-of-(?P<of>\d+))?)?(?:-[0-9a-f]{16})?"
)
_HELD_OUT = re.compile(r"(?<![a-z])(?:val|valid|dev|devel|development|eval|evaluation)")


@dataclass(frozen=True)
class Found:
    """The files of each split in the order of their rows, and the names of those left unread."""

    splits: dict[str, list[Path]]
    unread: tuple[str, ...] = ()

    @property
    def overlooked(self) -> tuple[str, ...]:
        """Unread files that by their names may well be a validation split."""
        return tuple(name for name in self.unread if _HELD_OUT.search(name.lower()))


def find(path: Path) -> Found:
    """The files to read of a folder, or the one file.

    Raises:
        InputError: of another form, or a split in files that are not the numbered parts of one.
        SourceError: nothing there to read.
    """
    if path.is_file():
        if _suffix(path) not in SUFFIXES:
            raise InputError(f"{path}: cannot read {path.suffix or 'this'} files, only {SUFFIXES}")
        return Found({SPLITS[name["split"]] if (name := _name(path)) else "validation": [path]})
    if not path.is_dir():
        raise SourceError(
            f"{path} does not exist. A corpus is 'mini', 'hub', or a file or folder of "
            "parquet, csv, tsv or jsonl in MRPC's form."
        )
    splits: dict[str, list[Path]] = {}
    unread = []
    for file in sorted(path.iterdir()):
        name = _name(file) if file.is_file() and _suffix(file) in SUFFIXES else None
        if name:
            splits.setdefault(SPLITS[name["split"]], []).append(file)
        elif not file.name.startswith("."):
            unread.append(f"{file.name}/" if file.is_dir() else file.name)
    if not splits:
        there = f"; there are {', '.join(unread)}" if unread else ""
        raise SourceError(
            f"{path} has no file of a split: expected names such as train.csv, validation.csv, "
            f"test.csv (or dev, val, eval) with one of {', '.join(SUFFIXES)}{there}"
        )
    for split, files in splits.items():
        check_parts(path, split, files)
    return Found(splits, tuple(unread))


def split_of(file: Path) -> str | None:
    """The split that a file is named after, or None."""
    name = _name(file)
    return SPLITS[name["split"]] if name else None


def _suffix(file: Path) -> str:
    return file.suffix.lower()


def _name(file: Path) -> re.Match[str] | None:
    """The parts of a file's name, or None where it does not end in a split's word."""
    return _NAME.fullmatch(file.name.lower().removesuffix(_suffix(file)))


def check_parts(path: Path, split: str, files: list[Path]) -> None:
    """Refuse files that are not the parts of one split, or not all of them.

    Raises:
        InputError: names the files and what is the matter.
    """
    listed = ", ".join(file.name for file in files)
    names = [name for file in files if (name := _name(file))]
    for what, kinds in (
        ("formats", {_suffix(file) for file in files}),
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
