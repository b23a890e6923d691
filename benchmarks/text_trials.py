"""A real decoder pruned by each criterion, and what it then pays for a text that Python ships.

`python -m benchmarks.text_trials OUT` writes JSON to OUT after each trial, and leaves out trials
that OUT has already.  In the environment of `real_models`.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from torch import nn

from benchmarks.real_models import SMOLLM, smollm, smollm_tokenizer
from labkit import prunable_layers, prune_global
from labkit.evaluation.text import evaluate_text, load_text, repetition
from labkit.files import write_text
from labkit.pruning import draw_sequences, prune_layerwise, prune_sparsegpt, prune_wanda
from labkit.pruning.prune import sparsity_of

EVERY, CHARACTERS = 3, 600
"""Of the topics in the order of their names each third is measured, by its first characters."""

LENGTH, SEQUENCES = 128, 32
"""Tokens of a calibration sequence, and how many there are unless a trial says otherwise."""

CONTEXT = 512
PROMPT, WRITTEN = "The import statement", 32


@dataclass(frozen=True)
class Trial:
    """How the model is pruned.

    `goal` is a sparsity or a pattern; `text` is what calibrates: "topics" of the same kind as what
    is measured, "mini" (news that labkit generates), or "" for none.
    """

    criterion: str
    goal: float | str
    text: str = ""
    sequences: int = 0


GLOBAL, EACH, WANDA, SPARSEGPT = "global magnitude", "magnitude", "Wanda", "SparseGPT"
PRUNE = {WANDA: prune_wanda, SPARSEGPT: prune_sparsegpt}


def _seen(goal: float | str, text: str = "topics", count: int = SEQUENCES) -> list[Trial]:
    return [Trial(criterion, goal, text, count) for criterion in PRUNE]


def _all(goal: float) -> list[Trial]:
    return [Trial(GLOBAL, goal), Trial(EACH, goal), *_seen(goal)]


# What the book needs first comes first: a run takes hours, and may be stopped and taken up again.
TRIALS = [
    Trial("dense", 0.0),
    *_all(0.5),
    *_seen(0.5, "mini"),
    *_all(0.3),
    Trial(EACH, "2:4"),
    *_seen("2:4"),
    *_all(0.6),
    *_all(0.7),
    *_seen(0.5, count=1),
    *_seen(0.5, count=8),
    *(Trial(GLOBAL, goal) for goal in (0.1, 0.2, 0.4)),
    Trial(EACH, "4:8"),
    *_seen("4:8"),
    *_seen(0.5, count=128),
    *_seen(0.7, "mini"),
    *(trial for goal in (0.4, 0.2, 0.1) for trial in _seen(goal)),
]


def topics() -> list[str]:
    """What Python says of itself (`help("import")`), a text for each topic, by their names."""
    from pydoc_data.topics import topics as found

    return [found[name] for name in sorted(found)]


def texts() -> tuple[list[str], list[str]]:
    """(what is measured, what calibrates) of the topics; no paragraph begins alike in both."""
    whole = topics()
    measured = [text[:CHARACTERS].strip() for text in whole[::EVERY]]
    # Topics quote each other: a paragraph that begins in both would calibrate on what is measured.
    known = {part.strip()[:80] for text in measured for part in text.split("\n\n")}
    rest = [text for at, text in enumerate(whole) if at % EVERY]
    kept = [
        "\n\n".join(part for part in text.split("\n\n") if part.strip()[:80] not in known)
        for text in rest
    ]
    return measured, [text for text in kept if text.strip()]


def main(out: str) -> None:
    path, told = Path(out), _told()
    measured, calibrating = texts()
    found = {
        "model": {key: getattr(SMOLLM, key) for key in ("title", "package", "version", "licences")},
        "text": {
            "python": f"Python {platform.python_version()}",
            "topics": len(topics()),
            "sha256": sha256("\0".join(measured).encode()).hexdigest(),
            "documents": len(measured),
            "characters": CHARACTERS,
            "context": CONTEXT,
        },
        "calibration": {"length": LENGTH, "sequences": SEQUENCES},
        "versions": {name: metadata.version(name) for name in ("torch", "transformers", "gguf")},
        "prompt": PROMPT,
        "planned": len(TRIALS),
    }
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    rows = kept.pop("rows", [])
    if kept != found:
        rows = []
    done = {_key(row) for row in rows}
    missing = [trial for trial in TRIALS if _key(asdict(trial)) not in done]
    if not missing:
        return
    model, tokenizer = smollm(), smollm_tokenizer()
    calibrations = {"topics": calibrating, "mini": list(load_text("mini", "train"))}
    for trial in missing:
        rows.append(measure(model, tokenizer, trial, measured, calibrations))
        write_text(path, json.dumps({**found, "rows": rows}, indent=1))
        told(trial, rows[-1], len(rows))


def measure(
    model: nn.Module,
    tokenizer: Any,
    trial: Trial,
    measured: list[str],
    calibrations: dict[str, list[str]],
) -> dict[str, Any]:
    """What the model pays, and writes, after a trial; its weights are put back."""
    with _put_back(model):
        start = time.process_time()
        left_out = _prune(model, tokenizer, trial, calibrations)
        pruned = time.process_time()
        result = evaluate_text(model, tokenizer, measured, context=CONTEXT, stride=CONTEXT)
        scored = time.process_time()
        row = {**asdict(trial), "sparsity": sparsity_of(model)[0], "left_out": left_out}
        for metric in ("loss", "perplexity", "bits_per_byte"):
            interval = result.interval(metric)
            row |= {metric: getattr(result, metric)}
            row |= {f"{metric}_low": interval.low, f"{metric}_high": interval.high}
        ids = _greedy(model, tokenizer)
    return row | {
        "collapsed": result.collapsed,
        "tokens": int(result.tokens.sum()),
        "bytes": int(result.bytes.sum()),
        "document_nats": [round(float(nats), 3) for nats in result.document_nats],
        "written": tokenizer.decode(ids),
        "repeated": repetition([ids]),
        "cpu_seconds": {"pruning": pruned - start, "scoring": scored - pruned},
    }


def _prune(
    model: nn.Module, tokenizer: Any, trial: Trial, calibrations: dict[str, list[str]]
) -> list[str]:
    if trial.criterion == "dense":
        return []
    if trial.criterion == GLOBAL:
        prune_global(model, float(trial.goal))
        return []
    goal: dict[str, Any] = {"sparsity": trial.goal}
    if isinstance(trial.goal, str):
        n, m = trial.goal.split(":")
        goal = {"pattern": (int(n), int(m))}
    if trial.criterion == EACH:
        prune_layerwise(model, **goal)
        return []
    texts_ = calibrations[trial.text]
    sequences = draw_sequences(texts_, tokenizer, count=trial.sequences, length=LENGTH)
    return list(PRUNE[trial.criterion](model, sequences, **goal).left_out)


@contextmanager
def _put_back(model: nn.Module) -> Iterator[None]:
    weights = [layer.weight.detach() for layer in prunable_layers(model)]
    kept = [weight.clone() for weight in weights]
    try:
        yield
    finally:
        for weight, values in zip(weights, kept, strict=True):
            weight.copy_(values)


@torch.inference_mode()
def _greedy(model: nn.Module, tokenizer: Any) -> list[int]:
    """The likeliest tokens after `PROMPT`, one by one."""
    ids = tokenizer(PROMPT, return_tensors="pt").input_ids
    start, past, step = ids.shape[1], None, ids
    for _ in range(WRITTEN):
        out = model(input_ids=step, past_key_values=past, use_cache=True)
        past, step = out.past_key_values, out.logits[:, -1:].argmax(-1)
        ids = torch.cat([ids, step], dim=1)
    return ids[0, start:].tolist()


def _key(row: dict[str, Any]) -> tuple:
    return tuple(str(row[name]) for name in ("criterion", "goal", "text", "sequences"))


def _told() -> Callable[[Trial, dict[str, Any], int], None]:
    start = time.monotonic()

    def tell(trial: Trial, row: dict[str, Any], done: int) -> None:
        what = f"{trial.criterion} {trial.goal} {trial.text} {trial.sequences or ''}".strip()
        print(
            f"{done} of {len(TRIALS)} after {(time.monotonic() - start) / 60:.0f} min: {what}: "
            f"perplexity {row['perplexity']:.2f}, {row['written'][:50]!r}",
            file=sys.stderr,
            flush=True,
        )

    return tell


if __name__ == "__main__":
    main(sys.argv[1])
