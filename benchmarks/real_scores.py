"""What real models score at the course's levels, and without their largest weights.

In the environment of `real_models`.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.real_models import at_level, flat
from labkit import prunable_layers
from labkit.evaluation import evaluate_mrpc, load_mrpc
from labkit.evaluation.mrpc import evaluation_split
from labkit.models import sources
from labkit.models.load import load_model
from labkit.pruning.prune import LEVELS
from labkit.training import finetune

SETTINGS = {"epochs": 2, "batch_size": 16, "learning_rate": 5e-5, "max_length": 64, "seed": 0}
DRAWS = 5
SENTENCES = 128
GLUE_PAIRS, GLUE_POSITIVE = 408, 279


def minilm_scores(folder: Path, data: str) -> dict[str, Any]:
    """MiniLM fine-tuned on the pairs: at each level, and without some of its weights."""
    rows = load_mrpc(data)
    out = finetuned(folder, data)
    model, tokenizer, _ = load_model("MiniLM-L6", out, head="trained")
    model.requires_grad_(False)
    held = evaluation_split(rows)

    def score() -> dict[str, float]:
        found = evaluate_mrpc(model, tokenizer, held)
        low, high = found.interval("accuracy").low, found.interval("accuracy").high
        return {
            "accuracy": found.accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
            "f1": found.f1,
            "matthews": found.matthews,
            "loss": found.loss,
            "collapsed_to": found.collapsed_to,
        }

    positive = sum(held["label"])
    glue = (len(held), positive) == (GLUE_PAIRS, GLUE_POSITIVE)
    return {
        "data": "mini" if data == "mini" else "MRPC",
        "glue_split": glue,
        "train": len(rows["train"]),
        "pairs": len(held),
        "positive": positive,
        "settings": SETTINGS,
        **_levels_and_removals(model, score),
    }


def finetuned(folder: Path, data: str, report: Callable | None = None) -> Path:
    """The folder of MiniLM fine-tuned on the pairs; made once for a corpus and these settings."""
    first = list(load_mrpc(data)["train"][0].values())
    key = hashlib.sha256(repr((SETTINGS, first)).encode()).hexdigest()[:12]
    out = sources.home() / "benchmarks" / f"minilm-{key}"
    if not (out / "config.json").exists():
        finetune("MiniLM-L6", folder, data, out, head="fresh", report=report, **SETTINGS)
    return out


def smollm_losses(model: nn.Module, tokenizer: Any, data: str) -> dict[str, Any]:
    """Loss per token (nats) of SmolLM2 on sentences of the corpus, in the same states."""
    sentences = list(evaluation_split(load_mrpc(data))["sentence1"])[:SENTENCES]
    encoded = [tokenizer(text, return_tensors="pt").input_ids for text in sentences]
    tokens = sum(ids.shape[1] - 1 for ids in encoded)

    @torch.inference_mode()
    def score() -> dict[str, float]:
        total = 0.0
        for ids in encoded:
            total += float(model(input_ids=ids, labels=ids).loss) * (ids.shape[1] - 1)
        return {"loss": total / tokens}

    return {
        "data": "mini" if data == "mini" else "MRPC",
        "sentences": len(sentences),
        "tokens": tokens,
        "uniform_loss": math.log(model.config.vocab_size),
        **_levels_and_removals(model, score, counts=(1, 100), draws=3),
    }


def _levels_and_removals(
    model: nn.Module,
    score: Callable[[], dict[str, float]],
    counts: tuple[int, ...] = (1, 10, 100, 1000),
    draws: int = DRAWS,
) -> dict[str, Any]:
    """Scores at each level; without the largest weights; without others, as many."""
    found: dict[str, Any] = {"levels": []}
    for level in (0.0, *LEVELS):
        with at_level(model, level):
            found["levels"].append({"level": level, **score()})
    order = flat(model).abs().argsort(descending=True, stable=True)
    found["without"] = []
    for count in counts:
        with without(model, order[:count]):
            found["without"].append({"count": count, "which": "largest", **score()})
    with without(model, order[100:200]):
        found["without"].append({"count": 100, "which": "next", **score()})
    for seed in range(draws):
        generator = torch.Generator().manual_seed(seed)
        at = torch.randint(order.numel(), (100,), generator=generator)
        with without(model, at):
            found["without"].append({"count": 100, "which": "random", "seed": seed, **score()})
    return found


@contextmanager
def without(model: nn.Module, places: torch.Tensor) -> Iterator[None]:
    """The model with the weights at these places of `flat(model)` set to zero, then put back."""
    kept, start = [], 0
    for layer in prunable_layers(model):
        stop = start + layer.weight.numel()
        here = places[(places >= start) & (places < stop)] - start
        if len(here):
            kept.append((layer.weight, layer.weight.clone()))
            row, column = here // layer.weight.shape[1], here % layer.weight.shape[1]
            layer.weight.data[row, column] = 0
        start = stop
    try:
        yield
    finally:
        for weight, values in kept:
            weight.data.copy_(values)
