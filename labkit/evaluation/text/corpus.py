"""Load a text as documents: the mini text, WikiText-2, or files of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import overload

from labkit.errors import InputError, SourceError
from labkit.evaluation import corpus_files
from labkit.evaluation.text.articles import join_articles
from labkit.evaluation.text.text_files import NAMED, SUFFIXES, read_rows_of_text
from labkit.models import hub, sources


@dataclass(frozen=True)
class Texts(Sequence[str]):
    """Documents in the order of their source.

    `name` is a label for tables, `source` and `split` what was asked for.  `left_out` says in
    sentences without full stops what of the source is no document here, and how rows were joined.
    """

    documents: tuple[str, ...] = field(repr=False)
    name: str
    source: str
    split: str
    left_out: tuple[str, ...] = ()

    @overload
    def __getitem__(self, at: int) -> str: ...

    @overload
    def __getitem__(self, at: slice) -> tuple[str, ...]: ...

    def __getitem__(self, at: int | slice) -> str | tuple[str, ...]:
        """A document, or several."""
        return self.documents[at]

    def __len__(self) -> int:
        """Number of documents."""
        return len(self.documents)


def load_text(
    source: str | Path = "mini", split: str | None = None, *, limit: int | None = None
) -> Texts:
    """Load documents for language models.

    Args:
        source: "mini" (generated news that ships with labkit), "hub" (WikiText-2,
            `Salesforce/wikitext`, configuration `wikitext-2-raw-v1`), or a path: a file of `.txt`
            (documents separated by blank lines), `.jsonl` or `.parquet` (column `text`), or a
            folder of them.  In a folder, files named after splits (`train.txt`,
            `validation-00000-of-00001.parquet`) are these; where none is, all files are one split
            and each `.txt` one document.
        split: "train", "validation" or "test", or another usual name of these; None takes
            validation, of a folder without one test, and all of files without a split's name.
        limit: take the first documents only, at least 1.

    Returns:
        The documents.  Rows of WikiText, lines of one article each, are joined to articles at
        headings (` = Title = ` with an empty row before it), the line ends as they are; of other
        rows each is a document.  `left_out` says what was left out: empty rows, files not read.

    Raises:
        SourceError: nothing there to read, or out of reach; says what was looked for.
        InputError: a split that is not there, no column `text`, a row that is no text, a binary
            file or another encoding than UTF-8, a pointer of Git LFS, no document at all; with
            file, row and remedy.
    """
    source = str(source)
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        raise InputError(f"limit={limit!r}: give a whole number of documents, at least 1")
    if source == "mini":
        folder, name = sources.mini_text(), "mini text"
    elif source == "hub":
        _checked_split(split)
        folder, name = hub.text_folder(), "WikiText-2"
    else:
        folder, name = Path(source).expanduser(), Path(source).name
    files, chosen, said = _files(folder, split)
    each = folder.is_dir() and chosen == "all"  # then a plain file is one document
    rows: list[str] = []
    for file in files:
        found, remarks = read_rows_of_text(file, whole=each)
        rows += found
        said += remarks
    documents, joined = join_articles(rows)
    if joined:
        said += (joined,)
    else:
        documents = [text for text in documents if text.strip()]
    if not documents:
        raise InputError(f"{folder}: the {chosen} split has no documents, only empty rows")
    if limit is not None and limit < len(documents):
        rest = len(documents) - limit
        said += (f"not read: the last {rest} of {len(documents)} documents (limit)",)
        documents = documents[:limit]
    return Texts(tuple(documents), name, source, chosen, said)


def _checked_split(split: str | None) -> str | None:
    """The usual name of a split.

    Raises:
        InputError: it is none; lists those that there are.
    """
    if split is None:
        return None
    if split not in corpus_files.SPLITS:
        raise InputError(f"split={split!r}: choose 'train', 'validation' or 'test'")
    return corpus_files.SPLITS[split]


def _files(path: Path, split: str | None) -> tuple[list[Path], str, tuple[str, ...]]:
    """The files to read, the name of their split ("all" where they have none), what is not read."""
    wanted = _checked_split(split)
    if not path.exists():
        raise SourceError(
            f"{path} does not exist. A text is 'mini', 'hub', or a file or folder of "
            f"{', '.join(SUFFIXES)}."
        )
    there = [path] if path.is_file() else sorted(path.iterdir())
    files = [file for file in there if file.is_file() and file.suffix.lower() in SUFFIXES]
    if not files:
        names = [file.name for file in there[:NAMED]] if path.is_dir() else []
        found = f"; there are {', '.join(names)}" if names else ""
        raise SourceError(
            f"{path}: no text to read: expected a file of {', '.join(SUFFIXES)}{found}"
        )
    splits: dict[str, list[Path]] = {}
    for file in files:
        if found := corpus_files.split_of(file):
            splits.setdefault(found, []).append(file)
    chosen, taken = _choose(path, wanted, splits, files)
    known = {file for part in splits.values() for file in part}
    unread = [
        f"{file.name}/" if file.is_dir() else file.name
        for file in there
        if file not in taken and file not in known and not file.name.startswith(".")
    ]
    return taken, chosen, (f"{path}: not read: {', '.join(unread)}",) if unread else ()


def _choose(
    path: Path, wanted: str | None, splits: dict[str, list[Path]], files: list[Path]
) -> tuple[str, list[Path]]:
    """The split to read, and its files.

    Raises:
        InputError: it is not there, or its files are not the parts of one.
    """
    if not splits:
        if wanted:
            raise InputError(
                f"{path} has no {wanted} split, as no file is named after one: call it "
                f"{wanted}{files[0].suffix}, or name no split to read all"
            )
        return "all", files
    usual = [next(iter(splits))] if path.is_file() else ["validation", "test"]
    chosen = wanted or next((split for split in usual if split in splits), None)
    if chosen not in splits:
        raise InputError(
            f"{path} has no {chosen or 'validation or test'} split, only {', '.join(splits)}: name "
            "the split to read"
        )
    corpus_files.check_parts(path, chosen, splits[chosen])
    return chosen, splits[chosen]
