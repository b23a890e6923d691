"""Finished cells on disk: each says what it is a cell of, and is checked when it is read.

A cell is two files beside each other: a table (parquet), and behind it a JSON text with its
`Identity`, the SHA-256 of the table and the rest.  A cell of something else, whatever its file is
called, is refused and never served as a result.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from labkit.errors import InputError
from labkit.evaluation.scores import Evaluation
from labkit.evaluation.text.scores import TextEvaluation
from labkit.files import behind, sha256, write_text
from labkit.weights.summary import WeightSummary

T = TypeVar("T")

_LONGEST = 40  # characters of a label in a file's name, each up to four bytes of the 255 there are


@dataclass(frozen=True)
class Identity:
    """What a cell is a cell of.

    `model` is the fingerprint of the checkpoint, `level` the sparsity (None: the dense weights),
    `key` the hash of all that the results depend on.
    """

    name: str
    source: str
    model: str
    level: float | None
    key: str

    def stem(self, folder: Path) -> Path:
        """Path of the cell's files without their suffixes; labels may hold dots and slashes."""
        label = re.sub(r"[^\w.@+-]", "_", self.name)[:_LONGEST]
        what = "weights" if self.level is None else f"{round(self.level * 1e6):07d}"
        return folder / f"{label}-{what}-{self.key}"

    def finished(self, folder: Path) -> bool:
        """Whether the cell is there, whole."""
        stem = self.stem(folder)
        return behind(stem, ".json").exists() and behind(stem, ".parquet").exists()


@dataclass(frozen=True, eq=False)
class Cell:
    """The row of results, the sparsity of each layer, and the outputs per example or document.

    `samples` are rows of what a language model wrote.
    """

    row: dict
    layers: list[dict]
    evaluation: Evaluation | TextEvaluation
    samples: list[dict] = field(default_factory=list)

    def save(self, folder: Path, identity: Identity) -> None:
        """Keep the cell under its identity."""
        rest = {"row": self.row, "layers": self.layers, "samples": self.samples}
        _save(folder, identity, self.evaluation.save, rest)

    @classmethod
    def load(
        cls,
        folder: Path,
        identity: Identity,
        kind: type[Evaluation] | type[TextEvaluation] = Evaluation,
    ) -> Cell:
        """Read what `save` wrote; `kind` is what its table holds.

        Raises:
            InputError: it is damaged, or a cell of something else; names the file to delete.
        """
        saved, evaluation = _load(folder, identity, kind.load)
        try:
            if saved["row"]["level"] != identity.level or saved["row"]["name"] != identity.name:
                raise ValueError("its row is of another model or level")
            return cls(saved["row"], saved["layers"], evaluation, saved["samples"])
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(behind(identity.stem(folder), ".json"), error) from error


def save_weights(folder: Path, identity: Identity, summary: WeightSummary) -> None:
    """Keep the distributions of a dense model's weights."""
    _save(folder, identity, summary.save, {})


def load_weights(folder: Path, identity: Identity) -> WeightSummary:
    """Read what `save_weights` wrote; InputError as `Cell.load`."""
    return _load(folder, identity, WeightSummary.load)[1]


def _save(
    folder: Path, identity: Identity, save: Callable[[Path], Any], rest: dict[str, Any]
) -> None:
    stem = identity.stem(folder)
    table = behind(stem, ".parquet")
    save(table)
    # The json comes last: where both are there the cell is whole.
    text = json.dumps({"cell": asdict(identity), "sha256": sha256(table), **rest})
    write_text(behind(stem, ".json"), text + "\n")


def _load(folder: Path, identity: Identity, load: Callable[[Path], T]) -> tuple[dict, T]:
    stem = identity.stem(folder)
    path, table = behind(stem, ".json"), behind(stem, ".parquet")
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
        found, digest = dict(saved["cell"]), saved["sha256"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _damaged(path, error) from error
    wanted = asdict(identity)
    if found != wanted:
        other = [f"{k} {found.get(k)!r}, not {v!r}" for k, v in wanted.items() if found.get(k) != v]
        raise InputError(
            f"{path} is a cell of something else ({'; '.join(other)}). Delete it: the next run "
            "computes this one."
        )
    try:
        content = load(table)
    except InputError as error:
        raise _damaged(table, error) from error
    if sha256(table) != digest:
        raise InputError(
            f"{table} is not the table that {path.name} was written for. Delete it: the next run "
            "computes it again."
        )
    return saved, content


def _damaged(path: Path, error: Exception) -> InputError:
    return InputError(f"{path} is damaged ({error}). Delete it: the next run computes it again.")
