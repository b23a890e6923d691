"""The cells of a study: one model at one sparsity, kept under all that they depend on."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.code_hash import code_hash
from labkit.evaluation.classify import Pairs, encode_pairs, evaluate_mrpc, longest_input
from labkit.evaluation.mrpc import evaluation_split, positive_share
from labkit.execution.runtime import measure_runtime
from labkit.files import sha256
from labkit.models import hub, sources
from labkit.models.load import Loaded, load_model
from labkit.pruning.prune import Pruning, sparsity_of, sweep
from labkit.storage.size import measure_size
from labkit.study.kept import Cell, Identity, load_weights, save_weights
from labkit.study.settings import Settings
from labkit.weights.summary import WeightSummary, weight_summary

if TYPE_CHECKING:
    from datasets import DatasetDict

Report = Callable[[str, int, int], None]
"""Called with (what is being done, steps done, steps in all)."""

_VERSIONED = ("torch", "transformers", "tokenizers", "numpy", "scipy", "datasets")


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


class ModelRun:
    """One model of a study: loads the model only when a cell is missing."""

    def __init__(
        self, settings: Settings, name: str, corpus: DatasetDict, cells: Path, steps: Steps
    ) -> None:
        self.settings, self.name, self.cells, self.steps = settings, name, cells, steps
        self.data = evaluation_split(corpus, settings.split)
        if settings.limit:
            self.data = self.data.select(range(min(settings.limit, len(self.data))))
        self.prior = positive_share(corpus)
        self._loaded: Loaded | None = None
        self._pairs: Pairs | None = None
        self.origin = {
            "model": self._fingerprint(),
            "name": name,
            "source": settings.source,
            "head": settings.head,
            "seed": settings.seed,
            "code": code_fingerprint(),
        }

    @property
    def loaded(self) -> Loaded:
        """The model, loaded at first use."""
        if self._loaded is None:
            settings = self.settings
            self._loaded = load_model(
                self.name, settings.source, head=settings.head, seed=settings.seed
            )
        return self._loaded

    @property
    def pairs(self) -> Pairs:
        """The rows as tokens, encoded at first use and then for all levels."""
        if self._pairs is None:
            model, tokenizer, _ = self.loaded
            limit = longest_input(model, tokenizer)
            self._pairs = encode_pairs(tokenizer, self.data, max_length=limit)
        return self._pairs

    def weights(self) -> WeightSummary:
        """Distributions of the dense weights."""
        what = f"{self.name}: weights"
        self.steps.start(what)
        identity = self._identity(None, _hash(self.origin))
        if identity.finished(self.cells):
            summary = load_weights(self.cells, identity)
        else:
            summary = weight_summary(self.loaded.model, title=self.loaded.spec.title)
            save_weights(self.cells, identity, summary)
        self.steps.finish(what)
        return summary

    def levels(self) -> list[Cell]:
        """The cell of each level in order; what is missing is computed in one sweep."""
        wanted = {level: self._identity(level, self._key(level)) for level in self.settings.levels}
        missing = [lv for lv, cell in wanted.items() if not cell.finished(self.cells)]
        self.steps.done += len(wanted) - len(missing)
        if missing:
            options = {"method": self.settings.method, "seed": self.settings.seed}
            for pruning in sweep(self.loaded.model, missing, **options):
                what = f"{self.name}: {100 * pruning.requested:g} %"
                self.steps.start(what)
                self._compute(pruning).save(self.cells, wanted[pruning.requested])
                self.steps.finish(what)
        return [Cell.load(self.cells, identity) for identity in wanted.values()]

    def _fingerprint(self) -> str:
        """Hash of the checkpoint's files; for the hub's own, the commit in the cache.

        Random weights follow from the seed and the code, but their tokenizer is the mini one.
        """
        settings, name = self.settings, self.name
        if settings.source in ("mini", "random"):
            folder = sources.mini_checkpoint(name)
        elif settings.source == "hub" and settings.head == "trained":
            folder = sources.finetuned_checkpoint(name)
        elif settings.source == "hub":
            repository = sources.HUB_MODELS[name]
            cached = hub.cached_model(repository, verify=False)
            if cached is None:
                _ = self.loaded  # downloads it
                cached = hub.cached_model(repository, verify=False)
            return cached.name if cached else "not cached"
        else:
            folder = Path(settings.source).expanduser()
        # All that a model or tokenizer may be read from, whatever it is called.
        found = [*folder.glob("*"), *folder.rglob("*.safetensors"), *folder.rglob("*.bin")]
        files = sorted({f for f in found if f.is_file() and f.suffix.lower() != ".md"})
        return _hash([(f.relative_to(folder).as_posix(), sha256(f)) for f in files])

    def _identity(self, level: float | None, key: str) -> Identity:
        return Identity(self.name, self.settings.source, self.origin["model"], level, key)

    def _key(self, level: float) -> str:
        settings = self.settings
        return _hash(
            [
                self.origin,
                level,
                settings.method,
                settings.batch_size,
                settings.length,
                self.prior,
                self.data.to_dict(),
            ]
        )

    def _compute(self, pruning: Pruning) -> Cell:
        settings, (model, tokenizer, spec) = self.settings, self.loaded
        start = time.monotonic()
        evaluation = evaluate_mrpc(
            model, tokenizer, self.pairs, prior=self.prior, seed=settings.seed
        )
        prunable, everything = sparsity_of(model)
        size = measure_size(model)
        shape = {"batch_size": settings.batch_size, "length": settings.length}
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
            **evaluation.row(),
            **size.row(),
            **measure_runtime(model, seed=settings.seed, **shape).row(),
            "seconds": time.monotonic() - start,
        }
        layers = [title | record for record in pruning.table().to_dict("records")]
        return Cell(row, layers, evaluation)


@cache
def code_fingerprint() -> str:
    """Hash of the code and library versions that a study's results depend on."""
    return _hash([code_hash(__name__), versions()])


def versions() -> dict[str, str]:
    """Versions of the libraries that results depend on."""
    return {name: metadata.version(name) for name in _VERSIONED}


def _hash(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
