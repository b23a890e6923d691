"""Finished outcomes on disk, one file per student: a run that was killed goes on from them."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from labkit.code_hash import code_hash
from labkit.files import write_text
from labkit.grading.submissions.outcomes import Handed, Outcome

_GRADING = "labkit.grading.running.worker_state"
"""What runs while a submission is graded: with all that it imports, what an outcome comes from."""


class Store:
    """Outcomes of one lab in a folder."""

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def get(self, student: str) -> Outcome | None:
        """The outcome kept for a student; None if there is none of theirs that can be read."""
        try:
            found = Outcome.from_json(self._path(student).read_text(encoding="utf-8"))
            return found if found.student == sound(student) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def all(self) -> list[Outcome]:
        """Every outcome that is kept, by the names of the students."""
        found = [self.get(path.stem) for path in sorted(self.folder.glob("*.json"))]
        return [outcome for outcome in found if outcome is not None]

    def put(self, outcome: Outcome) -> None:
        """Keep an outcome in the place of an earlier one, whole or not at all."""
        write_text(self._path(outcome.student), sound(outcome.to_json()) + "\n")

    def _path(self, student: str) -> Path:
        return self.folder / f"{student}.json"


def sound(text: str) -> str:
    """The text with question marks for what is no character: names of files may hold such."""
    return text.encode(errors="replace").decode()


@functools.cache
def lab_version(source: str) -> str:
    """SHA-256 over the lab's notebook and the code of this labkit that grades it."""
    return hashlib.sha256(f"{code_hash(_GRADING)}\0{source}".encode()).hexdigest()


def key(handed: Handed, version: str, seed: int) -> str:
    """What an outcome depends on: with the same key, grading again gives the same scores."""
    digest = hashlib.sha256(f"{handed.lab}\0{version}\0{seed}\0{handed.problem}\0".encode())
    digest.update("\0".join(handed.remarks).encode(errors="replace") + b"\0")
    digest.update(b"nothing" if handed.data is None else b"data" + handed.data)
    return digest.hexdigest()
