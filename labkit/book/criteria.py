"""The experiments of chapter 7, on the mini classifiers, each computed once and then read.

A trial says how a model is pruned; `scores` prunes and evaluates, `outliers` looks at the inputs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.book import draft
from labkit.book.draft import at_most
from labkit.book.trials import kept, scored
from labkit.evaluation.classify import encode_pairs, evaluate_mrpc, longest_input
from labkit.evaluation.mrpc import evaluation_split, load_mrpc
from labkit.models.load import load_model
from labkit.models.prunable import prunable_layers
from labkit.pruning.calibrated.allocation import (
    allocate,
    allocate_by_magnitude,
    allocate_uniformly,
)
from labkit.pruning.calibrated.block_parts import part_of
from labkit.pruning.calibrated.by_block import collected
from labkit.pruning.calibrated.by_magnitude import prune_layerwise
from labkit.pruning.calibrated.importance import block_outliers, sensitivities
from labkit.pruning.calibrated.inputs import calibrate
from labkit.pruning.calibrated.sparsegpt import prune_sparsegpt
from labkit.pruning.calibrated.wanda import Norms, prune_wanda
from labkit.pruning.prune import prune_global, sparsity_of

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from transformers import PreTrainedModel

CRITERIA = ("global magnitude", "magnitude", "Wanda", "SparseGPT")
PAIRS = 150
"""Validation pairs that are scored, the first ones: the page has some forty models to score."""

SEQUENCES = 32
"""Pairs of the training split that calibrate, unless a trial says otherwise."""


@dataclass(frozen=True)
class Trial:
    """How a model is pruned.

    `goal` is a sparsity (0 to 1) or a pattern such as "2:4"; `text` "pairs" of the training split
    or "noise", as many random tokens; `shares` how the layers share the sparsity ("uniform",
    "global", "sensitivity" or "outliers"); `part` prunes that part alone (`part_of`), to the goal.
    """

    criterion: str
    goal: float | str
    text: str = "pairs"
    sequences: int = SEQUENCES
    shares: str = "uniform"
    part: str = ""


LEVELS = (0.5, 0.6, 0.7)
AGAINST = [
    Trial(criterion, goal)
    for goal in (*LEVELS, "2:4")
    for criterion in CRITERIA
    if (criterion, goal) != (CRITERIA[0], "2:4")
]
"""Criterion against criterion."""

CALIBRATED = [
    Trial(criterion, LEVELS[-1], text, count)
    for criterion in CRITERIA[2:]
    for text, count in (("pairs", 1), ("pairs", 4), ("noise", SEQUENCES))
]
"""Less text, and none: random tokens."""

OTHER = [Trial(criterion, 0.8) for criterion in CRITERIA[1:]]
"""For another model, whose order of criteria is another."""

SHARED = [
    Trial("Wanda", LEVELS[-1], shares=shares) for shares in ("global", "sensitivity", "outliers")
]
PARTS = [Trial("Wanda", LEVELS[-1], part=part) for part in ("attention", "feed-forward")]


def scores(name: str, trials: Sequence[Trial], *, out: Path | None = None) -> pd.DataFrame:
    """Scores of the mini model `name` after each trial, the dense model first.

    Returns:
        One row per trial, and one with criterion "dense": the fields of the trial as text, and
        sparsity (of all prunable weights), accuracy, loss, share_positive.
    """

    def compute() -> list[dict]:
        model, tokenizer, _ = load_model(name)
        corpus = load_mrpc()
        longest = longest_input(model, tokenizer)
        rows = scored(evaluation_split(corpus).select(range(PAIRS)))
        pairs = encode_pairs(tokenizer, rows, max_length=longest)
        dense = {key: value.clone() for key, value in model.state_dict().items()}
        found = []
        for trial in (Trial("dense", 0.0), *trials):
            model.load_state_dict(dense)
            batch = _calibration(model, tokenizer, corpus["train"], trial)
            prune_as(model, trial, batch, tokenizer, corpus["train"])
            result = evaluate_mrpc(model, tokenizer, pairs)
            row = {key: str(value) for key, value in asdict(trial).items()}
            found.append(
                row
                | {
                    "sparsity": sparsity_of(model)[0],
                    "accuracy": result.accuracy,
                    "loss": result.loss,
                    "share_positive": result.share_positive,
                }
            )
        return found

    return kept("criteria", [name, [asdict(trial) for trial in trials]], compute, out)


def outliers(name: str, *, out: Path | None = None) -> pd.DataFrame:
    """How unlike the inputs of each matrix are, over `SEQUENCES` pairs.

    Returns:
        One row per matrix: parameter, stack, block, part, `largest` (the largest norm of an input
        feature over the median one) and `share` (of the block's scores |W| ‖X‖ beyond five times
        their mean).
    """

    def compute() -> list[dict]:
        model, tokenizer, _ = load_model(name)
        batch = _calibration(model, tokenizer, load_mrpc()["train"], Trial("", 0.0))
        shares, found = block_outliers(model, batch), []
        for block in calibrate(model, batch):
            norms = collected(block.see, list(block.layers), Norms)
            for layer in block.layers:
                sizes = norms[layer.name].norms()
                found.append(
                    {
                        "parameter": layer.name,
                        "stack": layer.stack,
                        "block": layer.block,
                        "part": part_of(layer),
                        "largest": float(sizes.max() / sizes.median()),
                        "share": shares[layer.name],
                    }
                )
        return found

    return kept("outliers", [name], compute, out)


def _calibration(
    model: PreTrainedModel, tokenizer: Any, train: Any, trial: Trial
) -> dict[str, torch.Tensor]:
    """Pairs of the training split, encoded, or random tokens of the same lengths."""
    import torch

    rows = train.select(range(at_most(trial.sequences, draft.SEQUENCES)))
    batch = dict(
        tokenizer(
            list(rows["sentence1"]), list(rows["sentence2"]), padding=True, return_tensors="pt"
        )
    )
    if trial.text == "noise":
        draws = torch.Generator().manual_seed(0)
        size = batch["input_ids"].shape
        noise = torch.randint(len(tokenizer), size, generator=draws)
        batch["input_ids"] = torch.where(batch["attention_mask"].bool(), noise, batch["input_ids"])
    return batch


def prune_as(
    model: PreTrainedModel, trial: Trial, batch: Any, tokenizer: Any = None, train: Any = None
) -> None:
    """Prune as the trial says, calibrated on `batch`; "sensitivity" asks for the last two."""
    if trial.criterion == "dense":
        return
    if trial.criterion == "global magnitude":
        prune_global(model, float(trial.goal))
        return
    if isinstance(trial.goal, str):
        n, m = trial.goal.split(":")
        goal: dict[str, Any] = {"pattern": (int(n), int(m))}
    else:
        goal = {"sparsity": _levels(model, tokenizer, train, batch, trial)}
    if trial.criterion == "magnitude":
        prune_layerwise(model, **goal)
    else:
        prune = {"Wanda": prune_wanda, "SparseGPT": prune_sparsegpt}[trial.criterion]
        prune(model, batch, **goal)


def _levels(
    model: PreTrainedModel, tokenizer: Any, train: Any, batch: Any, trial: Trial
) -> float | dict[str, float]:
    """The sparsity of each layer, as `trial.shares` has it."""
    goal, layers = float(trial.goal), prunable_layers(model)
    if trial.part:
        return allocate_uniformly([layer for layer in layers if part_of(layer) == trial.part], goal)
    if trial.shares == "global":
        return allocate_by_magnitude(layers, goal)
    if trial.shares == "outliers":
        return allocate(layers, block_outliers(model, batch), goal)
    if trial.shares == "sensitivity":
        # Not on the pairs that the result is scored on.
        rows = scored(train.select(range(PAIRS)))
        pairs = encode_pairs(tokenizer, rows, max_length=longest_input(model, tokenizer))
        rise = sensitivities(model, lambda: evaluate_mrpc(model, tokenizer, pairs).loss, goal)
        return allocate(layers, rise, goal)
    return goal
