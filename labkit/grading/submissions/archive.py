"""The files of a folder or of a zip archive, listed and read without trust in either.

Nothing is unpacked to disk, no link is followed, and no file is read beyond a bound.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from labkit.errors import InputError
from labkit.grading.submissions.read_notebook import ACCEPTED

MOST_ENTRIES = 20_000
RATIO = 200  # times that a file may be larger than in the archive; a notebook reaches 30 or so
_SMALL = 2**20  # bytes below which the ratio is of no interest
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,  # and NotImplementedError: a method that zipfile does not know
    ValueError,
    MemoryError,
)
_JUNK = {"__MACOSX", "__pycache__", "desktop.ini", "Thumbs.db"}


@dataclass(frozen=True)
class File:
    """A file or folder; `refused` says why it is not read.

    `origin` is its path in the folder or archive; `parts` are those of the path from the folder on
    that it is looked at in.
    """

    parts: tuple[str, ...]
    origin: str
    content: Callable[[], bytes]
    folder: bool = False
    refused: str = ""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.parts[-1]

    def read(self) -> bytes:
        """The content, at most `ACCEPTED` bytes.

        Raises:
            InputError: it is too large, damaged, encrypted or a link; says so for the student.
        """
        if self.refused:
            raise InputError(f"{self.origin}: {self.refused}")
        try:
            content = self.content()
        except OSError as error:
            raise InputError(f"{self.origin}: it cannot be read ({error.strerror})") from None
        except _BROKEN:
            raise InputError(f"{self.origin}: it is damaged") from None
        if len(content) > ACCEPTED:
            raise InputError(f"{self.origin}: {_TOO_LARGE}")
        return content

    def below(self, parts: tuple[str, ...]) -> File:
        """The same file at another place."""
        return replace(self, parts=parts)


_TOO_LARGE = f"it is larger than {ACCEPTED // 2**20} MiB; clear the outputs"


@contextmanager
def files_in(path: Path | str) -> Iterator[list[File]]:
    """Yield what a folder or zip archive holds, sorted by name; read it within the block.

    Hidden files, checkpoints and what file managers leave behind are not listed.

    Raises:
        InputError: there is neither a folder nor a zip archive at `path`, or it is too large.
    """
    path = Path(path)
    if path.is_dir():
        yield _listed(_walk(path))
        return
    if not path.exists():
        raise InputError(f"{path}: no such file or folder. Name a folder or a zip archive.")
    try:
        archive = zipfile.ZipFile(path)
    except _BROKEN as error:
        raise InputError(
            f"{path} is neither a folder nor a zip archive ({error}). Name the folder of the "
            "submissions, or the zip file as the learning platform gave it."
        ) from None
    with archive:
        try:
            files = _members(archive)
        except InputError as error:
            raise InputError(f"{path} {error}") from None
        yield files


def unpacked(archive: File) -> list[File]:
    """What a zip archive within a folder or another archive holds, as `files_in`.

    Raises:
        InputError: it cannot be read, is no zip archive, or holds too many entries.
    """
    try:
        files = _members(zipfile.ZipFile(io.BytesIO(archive.read())))
    except zipfile.BadZipFile:
        raise InputError(f"{archive.origin}: it is no zip archive") from None
    except _BROKEN as error:
        reason = str(error) if isinstance(error, InputError) else "it is damaged"
        raise InputError(reason) from None
    return [replace(file, origin=f"{archive.origin}/{file.origin}") for file in files]


def _listed(files: Iterator[File]) -> list[File]:
    return sorted((file for file in files if not _is_junk(file.parts)), key=lambda f: f.parts)


def _is_junk(parts: tuple[str, ...]) -> bool:
    return not parts or any(part in _JUNK or part.startswith(".") for part in parts)


def _walk(root: Path) -> Iterator[File]:
    def entry(path: Path, folder: bool, refused: str) -> File:
        parts = path.relative_to(root).parts
        return File(parts, _shown("/".join(parts)), partial(content, path), folder, refused)

    closed: list[Path] = []
    for place, folders, names in os.walk(root, onerror=lambda e: closed.append(Path(e.filename))):
        for name in folders + names:
            path = Path(place, name)
            mode = path.lstat().st_mode
            refused = ""
            if stat.S_ISLNK(mode):
                refused = "it is a link, and links are not followed"
            elif not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                refused = "it is no ordinary file"
            yield entry(path, stat.S_ISDIR(mode), refused)
    for path in closed:
        if path == root:
            raise InputError(f"{root} cannot be read. Ask for the right to read it.")
        yield entry(path, False, "the folder cannot be read")


def _shown(name: str) -> str:
    """The name without what could not be written to a file, or would steer a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in name)


def content(path: Path) -> bytes:
    """The beginning of a file: one byte more than `ACCEPTED`, if it has as many."""
    with path.open("rb") as file:
        return file.read(ACCEPTED + 1)


def _members(archive: zipfile.ZipFile) -> list[File]:
    entries = archive.infolist()
    if len(entries) > MOST_ENTRIES:
        raise InputError(f"holds {len(entries)} entries; {MOST_ENTRIES} are allowed. Split it.")
    return _listed(_member(archive, entry) for entry in entries)


def _member(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> File:
    # Some programs of Windows write backslashes.
    name = entry.filename.replace("\\", "/")
    parts = name.split("/")
    refused = ""
    if name.startswith("/") or re.match("[A-Za-z]:", name) or ".." in parts:
        refused = "its name leads out of the archive"
    elif stat.S_ISLNK(entry.external_attr >> 16):
        refused = "it is a link, and links are not followed"
    elif entry.flag_bits & 1:
        refused = "it is encrypted; hand it in without a password"
    elif entry.file_size > max(RATIO * entry.compress_size, _SMALL):
        refused = f"it unpacks to more than {RATIO} times its size"
    elif entry.file_size > ACCEPTED:
        refused = _TOO_LARGE
    return File(
        tuple(part for part in parts if part not in ("", ".", "..")),
        _shown(name.rstrip("/")),
        partial(_inflated, archive, entry),
        name.endswith("/"),
        refused,
    )


def _inflated(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as file:
        return file.read(ACCEPTED + 1)
