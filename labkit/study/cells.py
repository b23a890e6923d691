"""The cells of a study: one model at one sparsity, computed where `cell_keys` knows none yet.

What all tasks share; `pairs` and `texts` say what is measured.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from labkit.evaluation.scores import Evaluation
from labkit.evaluation.text.scores import TextEvaluation
from labkit.execution.runtime import measure_runtime
from labkit.models.load import Loaded, described, load_model
from labkit.pruning.prune import Pruning, sparsity_of, sweep
from labkit.storage.size import measure_size
from labkit.study.cell_files import Cell, Identity, load_weights, save_weights
from labkit.study.cell_keys import cell_key, code_fingerprint, hash_of, model_fingerprint
from labkit.study.settings import Settings
from labkit.weights.summary import WeightSummary, weight_summary

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Report = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""


class Steps:
    """Counts finished steps and tells the caller's `report` what is being done."""

    def __init__(self, report: Report | None, total: int) -> None:
        self.report, self.total, self.done = report, total, 0

    def start(self, what: str) -> None:
        """Say that `what` begins."""
        if self.report:
            self.report(what, self.done, self.total)

    def finish(self, what: str) -> None:
        """Count `what` as done."""
        self.done += 1
        self.start(what)


class ModelRun(ABC):
    """One model of a study at one task: loads the model only when a cell is missing."""

    task: ClassVar[Literal["mrpc", "text"]]
    kind: ClassVar[type[Evaluation] | type[TextEvaluation]]

    def __init__(self, settings: Settings, name: str, cells: Path, steps: Steps) -> None:
        self.settings, self.name, self.cells, self.steps = settings, name, cells, steps
        self.head = settings.head if self.task == "mrpc" else "auto"
        self._loaded: Loaded | None = None
        self.origin = {
            "model": model_fingerprint(settings, name, self.task, self.head, lambda: self.loaded),
            "name": name,
            "source": settings.source,
            "task": self.task,
            "head": self.head,
            "seed": settings.seed,
            "code": code_fingerprint(type(self).__module__),
        }

    @property
    def loaded(self) -> Loaded:
        """The model, loaded at first use."""
        if self._loaded is None:
            settings = self.settings
            self._loaded = load_model(
                self.name, settings.source, task=self.task, head=self.head, seed=settings.seed
            )
        return self._loaded

    @property
    def described(self) -> PreTrainedModel:
        """The model without memory for its weights."""
        return described(self.name, self.settings.source, task=self.task, head=self.head)

    def forget(self) -> None:
        """Let the model go, so that no two are in memory at once."""
        self._loaded = None

    def weights(self) -> WeightSummary:
        """Distributions of the dense weights."""
        what = self._what("weights")
        self.steps.start(what)
        identity = self._identity(None, hash_of(self.origin))
        if identity.finished(self.cells):
            summary = load_weights(self.cells, identity)
        else:
            summary = weight_summary(self.loaded.model, title=self.loaded.spec.title)
            save_weights(self.cells, identity, summary)
        self.steps.finish(what)
        return summary

    def levels(self) -> list[Cell]:
        """The cell of each level in order; what is missing is computed in one sweep."""
        others = self.depends_on()
        keys = {
            level: cell_key(self.origin, self.settings, level, others)
            for level in self.settings.levels
        }
        wanted = {level: self._identity(level, key) for level, key in keys.items()}
        missing = [lv for lv, cell in wanted.items() if not cell.finished(self.cells)]
        self.steps.done += len(wanted) - len(missing)
        if missing:
            options = {"method": self.settings.method, "seed": self.settings.seed}
            for pruning in sweep(self.loaded.model, missing, **options):
                what = self._what(f"{100 * pruning.requested:g} %")
                self.steps.start(what)
                self._compute(pruning).save(self.cells, wanted[pruning.requested])
                self.steps.finish(what)
        return [Cell.load(self.cells, identity, self.kind) for identity in wanted.values()]

    @abstractmethod
    def depends_on(self) -> list:
        """What the results of all levels depend on, beside `origin`: plain data."""

    @abstractmethod
    def measure(self) -> tuple[dict, Evaluation | TextEvaluation, list[dict]]:
        """Columns for the row, what they follow from, and samples, of the model as it is now."""

    def _what(self, doing: str) -> str:
        both = len(self.settings.task) > 1
        return f"{self.name} ({self.task}): {doing}" if both else f"{self.name}: {doing}"

    def _identity(self, level: float | None, key: str) -> Identity:
        return Identity(self.name, self.settings.source, self.origin["model"], level, key)

    def _compute(self, pruning: Pruning) -> Cell:
        settings, (model, _, spec) = self.settings, self.loaded
        start = time.monotonic()
        columns, evaluation, samples = self.measure()
        prunable, everything = sparsity_of(model)
        size = measure_size(model)
        shape = {name: getattr(settings, name) for name in ("batch_size", "length", "repeats")}
        title = {"model": spec.title, "name": spec.name, "level": pruning.requested}
        row = {
            **title,
            "source": spec.source,
            "family": spec.family,
            "head": spec.head,
            "method": pruning.method,
            "sparsity": prunable,
            "model_sparsity": everything,
            "zeros": size.prunable - size.prunable_nonzero,
            **columns,
            **size.row(),
            **measure_runtime(model, seed=settings.seed, **shape).row(),
            "seconds": time.monotonic() - start,
        }
        layers = [title | record for record in pruning.table().to_dict("records")]
        return Cell(row, layers, evaluation, [title | sample for sample in samples])
