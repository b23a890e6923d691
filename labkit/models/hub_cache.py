"""What the hub client's cache holds: which files belong to a checkpoint, and are they whole."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labkit import files
from labkit.models import sources

TOKENIZER_FILES = (
    ("tokenizer.json",),
    ("vocab.json", "merges.txt"),
    ("vocab.txt",),
    ("spiece.model",),
    ("sentencepiece.bpe.model",),
    ("tokenizer.model",),
)
"""Sets of files of which one is enough to build a tokenizer."""

OPTIONAL_FILES = (
    "generation_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
)

WEIGHTS = (("model", ".safetensors"), ("pytorch_model", ".bin"))
"""Stem and suffix of weight files, the preferred kind first; they may be split into shards."""

SPLITS = ("train", "validation", "test")


@dataclass(frozen=True)
class Repo:
    """A repository on the hub; `kind` is "model" or "dataset", `instead` what works offline.

    Of a dataset only the folder `config` is of use here.
    """

    title: str
    repo_id: str
    kind: str
    instead: str
    config: str = ""

    def __str__(self) -> str:
        return f"{self.title} ({self.repo_id})"

    @property
    def folder(self) -> Path:
        """Where the client's cache keeps it (may not exist)."""
        from huggingface_hub import constants
        from huggingface_hub.file_download import repo_folder_name

        cache = Path(constants.HF_HUB_CACHE)
        return cache / repo_folder_name(repo_id=self.repo_id, repo_type=self.kind)

    def needed(self, names: Iterable[str]) -> list[str]:
        """Those of the repository's files that are of use here."""
        names = sorted(names)
        if self.kind == "dataset":
            return [n for n in names if n.startswith(f"{self.config}/")]
        single = {"config.json", *OPTIONAL_FILES, *(n for group in TOKENIZER_FILES for n in group)}
        weights = next((found for w in WEIGHTS if (found := _shards(names, *w))), [])
        return [n for n in names if n in single or n in weights]

    def missing(self, names: Iterable[str]) -> list[str]:
        """What a set of files lacks to be usable, in words."""
        names = set(names)
        if self.kind == "dataset":
            parts = {f"the {s} split": (f"{self.config}/{s}", ".parquet") for s in SPLITS}
            return [part for part, kind in parts.items() if not _shards(names, *kind, whole=True)]
        return [
            part
            for part, found in {
                "config.json": "config.json" in names,
                "the weights": any(_shards(names, *kind, whole=True) for kind in WEIGHTS),
                "the tokenizer": any(names.issuperset(group) for group in TOKENIZER_FILES),
            }.items()
            if not found
        ]


MRPC = Repo("MRPC", sources.HUB_MRPC[0], "dataset", "--data mini", sources.HUB_MRPC[1])
TEXT = Repo("WikiText-2", sources.HUB_TEXT[0], "dataset", "--data mini", sources.HUB_TEXT[1])


def model(repo_id: str) -> Repo:
    """The repository of a checkpoint, under its short name where it has one."""
    title = {v: k for k, v in sources.HUB_MODELS.items()}.get(repo_id, "the checkpoint")
    return Repo(title, repo_id, "model", "--source mini")


def _shards(names: Iterable[str], stem: str, suffix: str, whole: bool = False) -> list[str]:
    """Files `stem + suffix`, or `stem-00001-of-00002 + suffix` with index; [] if not `whole`."""
    number = re.compile(rf"{re.escape(stem)}(-\d+-of-(\d+))?{re.escape(suffix)}")
    found = [match for name in names if (match := number.fullmatch(name))]
    if whole and found and not any(m[1] is None for m in found) and len(found) != int(found[0][2]):
        return []
    index = f"{stem}{suffix}.index.json"
    return [m[0] for m in found] + ([index] if found and index in names else [])


@dataclass(frozen=True)
class State:
    """What the cache holds of a repository: its snapshot's folder and what is wrong with it.

    `missing` is in words; `damaged` maps a file to what is wrong with it; `bytes` counts the
    needed files that are there.
    """

    snapshot: Path | None
    missing: list[str]
    damaged: dict[Path, str]
    bytes: int

    @property
    def whole(self) -> bool:
        """Whether everything that is needed is there, and undamaged as far as was looked."""
        return self.snapshot is not None and not self.missing and not self.damaged

    def __str__(self) -> str:
        if self.snapshot is None:
            return "is not in the cache"
        if self.damaged:
            return f"is damaged in the cache: {next(iter(self.damaged.values()))}"
        return f"is only partly in the cache, without {' and '.join(self.missing)}"


def inspect(repo: Repo, verify: bool = True) -> State:
    """Look at the snapshot that the client would load; `verify` compares checksums too."""
    try:
        commit = (repo.folder / "refs" / "main").read_text(encoding="utf-8").strip()
        snapshot = repo.folder / "snapshots" / commit
        if not commit or not snapshot.is_dir():
            return State(None, [], {}, 0)
    except OSError:
        return State(None, [], {}, 0)
    there = {p.relative_to(snapshot).as_posix(): p for p in snapshot.rglob("*") if p.is_file()}
    needed = [there[name] for name in repo.needed(there)]
    damaged = {p: d for p in needed if (d := _damage(p))} if verify else {}
    return State(snapshot, repo.missing(there), damaged, sum(p.stat().st_size for p in needed))


def _damage(file: Path) -> str:
    """What is wrong with a file of a snapshot, or an empty string."""
    try:
        if file.is_symlink():
            # The cache names a blob by its checksum.  One step only: the blob itself may be a
            # link into the store that several repositories share, which has other names.
            wrong = mismatch(file, Path(file.readlink()).name)
        elif file.suffix == ".safetensors":
            wrong = _truncated(file)  # no links, no checksum: Windows without developer mode
        else:
            wrong = ""
    except OSError as error:
        wrong = f"cannot be read ({error.strerror or error})"
    return f"{file.name} {wrong}" if wrong else ""


def mismatch(file: Path, digest: str) -> str:
    """What differs from the hub's checksum, or an empty string.

    It is the SHA-256 for large files and git's SHA-1 for small ones, told apart by their length.
    """
    if re.fullmatch("[0-9a-f]{64}", digest):
        found = files.sha256(file)
    elif re.fullmatch("[0-9a-f]{40}", digest):
        data = file.read_bytes()
        found = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    else:
        return ""
    if found == digest:
        return ""
    size = file.stat().st_size
    return f"({size:,} bytes) has checksum {found[:12]}… where the hub's is {digest[:12]}…"


def _truncated(file: Path) -> str:
    with file.open("rb") as handle:
        start = int.from_bytes(handle.read(8), "little")
        try:
            header = json.loads(handle.read(start))
        except (ValueError, MemoryError, OverflowError):
            return "has no readable header"
    ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
    expected, size = 8 + start + max(ends, default=0), file.stat().st_size
    return "" if size == expected else f"has {size:,} bytes where its header says {expected:,}"


def drop(pointer: Path) -> None:
    """Remove a damaged file and the blob that it points to, so that it is fetched again."""
    blob = pointer.parent / pointer.readlink() if pointer.is_symlink() else None
    pointer.unlink()
    if blob:
        blob.unlink(missing_ok=True)
