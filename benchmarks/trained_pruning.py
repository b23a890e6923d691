"""Three ways to spend the same training on a pruned classifier: before, during, or by movement."""

from __future__ import annotations

import sys
import time
from typing import Any

from benchmarks.compare import Claim
from labkit import evaluate_mrpc, load_model, load_mrpc, prune_global
from labkit.evaluation.classify import encode_pairs, longest_input
from labkit.evaluation.mrpc import evaluation_split
from labkit.pruning.prune import sparsity_of
from labkit.training import finetune_gradual, finetune_masked, finetune_movement

NAME, LEVELS, STEPS = "roberta", (0.8,), 100
WAYS = {
    "prune, then train": "all at once by global magnitude, then trained with the mask held",
    "gradual": "global magnitude on the cubic schedule while training",
    "movement": "by movement on the same schedule, each layer alike",
}


def run() -> Claim:
    """Each way at each level, from the same checkpoint and with the same pairs in one order."""
    corpus = load_mrpc()
    rows = evaluation_split(corpus)
    found: list[dict[str, Any]] = []
    for level in LEVELS:
        for way in WAYS:
            start = time.process_time()
            model, tokenizer, spec = load_model(NAME)
            train = encode_pairs(
                tokenizer, corpus["train"], max_length=longest_input(model, tokenizer)
            )
            before = evaluate_mrpc(model, tokenizer, rows) if not found else None
            if before:
                found.append({"way": "dense", "level": 0.0, **_scores(model, before)})
            _pruned(way, model, tokenizer, train, level)
            found.append(
                {
                    "way": way,
                    "level": level,
                    **_scores(model, evaluate_mrpc(model, tokenizer, rows)),
                    "cpu_seconds": time.process_time() - start,
                }
            )
            print(f"{way} at {level:.0%}: {found[-1]}", file=sys.stderr, flush=True)
    table = tuple(
        (
            row["way"],
            f"{row['level']:.0%}",
            f"{row['accuracy']:.1%} ({row['accuracy_low']:.1%} to {row['accuracy_high']:.1%})",
            f"{row['loss']:.3f}",
        )
        for row in found
    )
    said = "; ".join(f"{way}: {what}" for way, what in WAYS.items())
    return Claim(
        title="Pruning while training",
        columns=("way", "zeros", "accuracy", "loss (nats)"),
        rows=table,
        note=(
            f"The {spec.title}, {STEPS} steps of 32 pairs of the mini corpus in the same order "
            f"(seed 0), scored on its {len(rows)} validation pairs with a bootstrap interval. "
            f"{said[0].upper()}{said[1:]}."
        ),
        data={"rows": found, "steps": STEPS, "pairs": len(rows), "model": spec.title},
    )


def _pruned(way: str, model: Any, tokenizer: Any, train: Any, level: float) -> None:
    if way == "gradual":
        finetune_gradual(model, tokenizer, train, level, steps=STEPS)
    elif way == "movement":
        finetune_movement(model, tokenizer, train, level, steps=STEPS)
    else:
        prune_global(model, level)
        finetune_masked(model, tokenizer, train, steps=STEPS)


def _scores(model: Any, result: Any) -> dict[str, float]:
    interval = result.interval("accuracy")
    return {
        "sparsity": sparsity_of(model)[0],
        "accuracy": result.accuracy,
        "accuracy_low": interval.low,
        "accuracy_high": interval.high,
        "loss": result.loss,
    }
