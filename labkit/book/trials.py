"""The small experiments of the book's last chapter, each computed once and then read.

What was computed is kept under `sources.home()`, keyed by the code, data and library versions that
it depends on; a change to any of these computes it anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.book.draft import PAIRS, STEPS, at_most, drafted
from labkit.code_hash import code_hash
from labkit.evaluation.classify import encode_pairs, evaluate_mrpc, longest_input
from labkit.evaluation.mrpc import evaluation_split, load_mrpc, positive_share
from labkit.files import replacing, sha256
from labkit.models import sources
from labkit.models.load import load_model
from labkit.models.prunable import prunable_layers
from labkit.pruning.masks import layerwise_masks
from labkit.pruning.prune import prune_global, sparsity_of, sweep
from labkit.study.cell_keys import versions
from labkit.training.recover import finetune_masked

if TYPE_CHECKING:
    import pandas as pd
    from datasets import Dataset

STATES = ("dense", "pruned", "fine-tuned")
"""The states of a model that `recovery` scores."""


def recovery(
    name: str, level: float, *, steps: int = 100, seed: int = 0, out: Path | None = None
) -> pd.DataFrame:
    """Scores of the mini model `name`: dense, pruned to `level`, and fine-tuned with the mask held.

    Trains on the train split of the mini corpus (`finetune_masked`) and scores on validation.

    Returns:
        One row per state of `STATES`: state, sparsity (of the prunable weights) and the columns of
        `Evaluation.row`.
    """

    def compute() -> list[dict]:
        corpus = load_mrpc()
        prior, rows = positive_share(corpus), scored(evaluation_split(corpus))
        model, tokenizer, _ = load_model(name)
        found = []
        for state in STATES:
            if state == "pruned":
                prune_global(model, level)
            elif state == "fine-tuned":
                few = at_most(steps, STEPS)
                finetune_masked(model, tokenizer, corpus["train"], steps=few, seed=seed)
            scores = evaluate_mrpc(model, tokenizer, rows, prior=prior)
            found.append({"state": state, "sparsity": sparsity_of(model)[0]} | scores.row())
        return found

    return kept("recovery", [name, level, steps, seed], compute, out)


def layer_sensitivity(name: str, level: float, *, out: Path | None = None) -> pd.DataFrame:
    """Scores of the mini model `name` with one weight matrix alone pruned to `level`.

    Returns:
        One row per matrix: parameter, stack, block, weights, accuracy, loss, and the drops from the
        dense model, `accuracy_drop` and `loss_rise`.
    """
    import torch

    def compute() -> list[dict]:
        model, tokenizer, _ = load_model(name)
        rows = scored(evaluation_split(load_mrpc()))
        pairs = encode_pairs(tokenizer, rows, max_length=longest_input(model, tokenizer))
        dense = evaluate_mrpc(model, tokenizer, pairs)
        found = []
        for layer in prunable_layers(model):
            weight = layer.weight.detach()
            pristine = weight.clone()
            with torch.no_grad():
                weight.masked_fill_(~layerwise_masks({"w": weight}, level)["w"], 0.0)
                scores = evaluate_mrpc(model, tokenizer, pairs)
                weight.copy_(pristine)
            found.append(
                {
                    "parameter": layer.name,
                    "stack": layer.stack,
                    "block": layer.block,
                    "weights": weight.numel(),
                    "accuracy": scores.accuracy,
                    "loss": scores.loss,
                    "accuracy_drop": dense.accuracy - scores.accuracy,
                    "loss_rise": scores.loss - dense.loss,
                }
            )
        return found

    return kept("sensitivity", [name, level], compute, out)


def random_prunings(
    name: str, levels: Sequence[float], seeds: Sequence[int], *, out: Path | None = None
) -> pd.DataFrame:
    """Scores of the mini model `name` with weights dropped at random, and by magnitude.

    Returns:
        One row per level and seed: method ("random", or "global" with seed -1, once per level),
        level, seed, accuracy, f1, loss, share_positive.
    """

    def compute() -> list[dict]:
        model, tokenizer, _ = load_model(name)
        rows = scored(evaluation_split(load_mrpc()))
        pairs = encode_pairs(tokenizer, rows, max_length=longest_input(model, tokenizer))
        found = []
        for method, seed in [("global", -1), *(("random", seed) for seed in seeds)]:
            for pruning in sweep(model, levels, method=method, seed=max(0, seed)):
                scores = evaluate_mrpc(model, tokenizer, pairs)
                found.append(
                    {
                        "method": method,
                        "level": pruning.requested,
                        "seed": seed,
                        "accuracy": scores.accuracy,
                        "f1": scores.f1,
                        "loss": scores.loss,
                        "share_positive": scores.share_positive,
                    }
                )
        return found

    return kept("random", [name, list(levels), list(seeds)], compute, out)


def scored(rows: Dataset) -> Dataset:
    """All rows, or the first of them in a draft."""
    return rows.select(range(at_most(len(rows), PAIRS)))


def recall_by_class(results: pd.DataFrame) -> pd.DataFrame:
    """Recall of each class by model and level, from the results of a study.

    With n pairs, P of them positive, accuracy a and a share q called positive, the true positives
    are (a n + q n - (n - P)) / 2; the rest of the confusion matrix follows.

    Returns:
        Columns model, level, recall_1 and recall_0, one row per row of `results`.
    """
    n = results["examples"]
    majority = results["majority_accuracy"] * n
    positive = majority.where(results["majority_class"] == 1, n - majority)
    hits = (results["accuracy"] * n + results["share_positive"] * n - (n - positive)) / 2
    misses = results["share_positive"] * n - hits
    return results[["model", "level"]].assign(
        recall_1=hits / positive, recall_0=1 - misses / (n - positive)
    )


def kept(
    kind: str,
    arguments: list,
    compute: Callable[[], list[dict]],
    out: Path | None,
    *,
    task: str = "mrpc",
) -> pd.DataFrame:
    """What `compute` returned for these arguments, code and data, as a table.

    The first argument is the mini model's name, `task` which of its checkpoints and data are read.
    The code is that of the module in which `compute` was written.
    """
    import pandas as pd

    folder = (out or sources.home() / "book") / "trials"
    data = sources.mini_text() if task == "text" else sources.mini_corpus()
    checkpoint = sources.mini_checkpoint(arguments[0], task)
    files = [path for where in (checkpoint, data) for path in where.glob("*.*")]
    sums = [sha256(path) for path in sorted(files)]
    text = json.dumps([kind, arguments, sums, code_hash(compute.__module__), versions(), drafted()])
    path = folder / f"{kind}-{hashlib.sha256(text.encode()).hexdigest()[:16]}.parquet"
    if not path.exists():
        with replacing(path) as temporary:
            pd.DataFrame(compute()).to_parquet(temporary, index=False)
    return pd.read_parquet(path)
