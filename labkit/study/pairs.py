"""Cells of classifiers: what is left of them on pairs of sentences."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from labkit.evaluation.classify import Pairs, encode_pairs, evaluate_mrpc, longest_input
from labkit.evaluation.mrpc import evaluation_split, positive_share
from labkit.evaluation.scores import Evaluation
from labkit.study.cells import ModelRun, Steps
from labkit.study.settings import Settings

if TYPE_CHECKING:
    from datasets import DatasetDict


class PairsRun(ModelRun):
    """One classifier of a study."""

    task: ClassVar[Literal["mrpc", "text"]] = "mrpc"
    kind = Evaluation

    def __init__(
        self, settings: Settings, name: str, corpus: DatasetDict, cells: Path, steps: Steps
    ) -> None:
        super().__init__(settings, name, cells, steps)
        self.data = evaluation_split(corpus, settings.split)
        if settings.limit:
            self.data = self.data.select(range(min(settings.limit, len(self.data))))
        self.prior = positive_share(corpus)
        self._pairs: Pairs | None = None

    @property
    def pairs(self) -> Pairs:
        """The rows as tokens, encoded at first use and then for all levels."""
        if self._pairs is None:
            model, tokenizer, _ = self.loaded
            limit = longest_input(model, tokenizer)
            self._pairs = encode_pairs(tokenizer, self.data, max_length=limit)
        return self._pairs

    def depends_on(self) -> list:
        """As `ModelRun.depends_on`: the rows, and the share of positives in training."""
        return [self.prior, self.data.to_dict()]

    def measure(self) -> tuple[dict, Evaluation, list[dict]]:
        """As `ModelRun.measure`."""
        model, tokenizer, _ = self.loaded
        seed = self.settings.seed
        found = evaluate_mrpc(model, tokenizer, self.pairs, prior=self.prior, seed=seed)
        return found.row(), found, []
