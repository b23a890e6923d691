"""Whole models in the engines that people would pick: zeros, bf16, int8, in turn in one run."""

from __future__ import annotations

import copy
import functools
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import torch
from torch import nn

from benchmarks import engine_peers
from benchmarks.compare import Claim, Table, alternate, machine, save, saved
from benchmarks.model_inputs import inputs_of
from labkit import load_model, prune_global, sparse_linear
from labkit.execution.precision import lower_precision
from labkit.models.sources import DISPLAY_NAMES, MODEL_NAMES
from labkit.models.without_cache import without_cache

LEVELS = (0.9, 0.95, 0.99)
SHAPES = {(8, 128): 2, (1, 32): 16}
"""Batch and tokens, and over how many batches answers are compared: 16 sequences each."""
PAUSE = 0.03
"""Seconds before each pass: the threads of some engines go on looking for work for a while."""
DENSE = "dense float32"
OWN = {
    DENSE: "torch, float32",
    "torch bf16": "torch, bf16",
    "torch int8": "torch, int8",
    **{f"ours {level}": f"labkit, float32, {level:.0%} zeros" for level in LEVELS},
    **{f"ours bf16 {level}": f"labkit, bf16 activations, {level:.0%} zeros" for level in LEVELS},
}


def run(accept_deepsparse_license: bool = False, busy: bool = False, resume: bool = False) -> Claim:
    """Each model and shape in turn; what is done is saved after each model.

    `accept_deepsparse_license`: measure that peer too.
    `busy`: the machine did other work, which is said.
    `resume`: models that an earlier run on this machine has saved are not measured again.
    """
    data: dict = {"models": {}, "missing": {}, "notes": {}}
    if resume and (found := saved("engines")) and found[1] == machine():
        data = found[0].data
    for name in [name for name in MODEL_NAMES if name not in data["models"]]:
        data["models"][name] = {
            f"{batch}x{length}": _measure(
                name, batch, length, batches, accept_deepsparse_license, data
            )
            for (batch, length), batches in SHAPES.items()
        }
        save("engines", _claim(data, busy))  # a run that is stopped keeps what it has measured
    return _claim(data, busy)


def titles() -> dict[str, str]:
    """The ways in the order of the tables, and their names for people."""
    engines = [*engine_peers.DENSE_ENGINES, *map(engine_peers.deepsparse, LEVELS)]
    return OWN | {engine.key: engine.title for engine in engines}


def _measure(
    name: str, batch: int, length: int, batches: int, deepsparse: bool, data: dict
) -> dict[str, dict[str, float]]:
    """For each way its median seconds, and how its answers differ."""
    inputs = [inputs_of(name, batch, length, seed) for seed in range(batches)]
    dense = load_model(name, "random").model.eval()
    models = {DENSE: dense}
    for precision, key in (("bfloat16", "torch bf16"), ("int8", "torch int8")):
        models[key] = lower_precision(dense, precision)
    expected = {"dense": _answers(dense, inputs)}
    for level in LEVELS:
        pruned = copy.deepcopy(dense)
        prune_global(pruned, level)
        expected[str(level)] = _answers(pruned, inputs)
        for way, precision in (("ours", "float32"), ("ours bf16", "bfloat16")):
            models[f"{way} {level}"] = copy.deepcopy(pruned)
            sparse_linear(models[f"{way} {level}"], tokens=batch * length, precision=precision)
    calls: dict[str, Callable[[], object]] = {
        key: functools.partial(_logits, model, inputs[0]) for key, model in models.items()
    }
    answers = {key: _answers(model, inputs) for key, model in models.items()}
    engines = [*engine_peers.DENSE_ENGINES]
    if deepsparse:
        engines += map(engine_peers.deepsparse, LEVELS)
    else:
        data["missing"]["DeepSparse 1.8.0"] = engine_peers.LICENCE
    running = {}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        engine_peers.export(folder, name, batch, length, batches, LEVELS)
        for engine in engines:
            try:
                it = engine_peers.Running(engine, folder, torch.get_num_threads())
                answers[engine.key] = it.answers(folder)
            except (OSError, subprocess.SubprocessError) as error:
                where = f"{engine.title}, {DISPLAY_NAMES[name]}, {batch} × {length}"
                data["missing"][where] = str(error)[:200]
                print(f"{where}: {error}", file=sys.stderr)
                continue
            calls[engine.key] = running[engine.key] = it
            if it.note:
                data["notes"][engine.title.partition(", 9")[0]] = it.note
    seconds = alternate(calls, runs=5 if batch > 1 else 15, warmup=1, pause=PAUSE)
    for it in running.values():
        it.close()
    return {
        key: {"seconds": seconds[key]}
        | difference(answers[key], expected.get(key.rpartition(" ")[2], expected["dense"]))
        for key in calls
    }


def difference(found: torch.Tensor, expected: torch.Tensor) -> dict[str, float]:
    """How logits (… × classes) differ from float32's: largest, mean, and the share decided alike.

    `spread` is the standard deviation of the expected ones, beside which differences are read.
    """
    apart = (found.float() - expected.float()).abs()
    return {
        "largest": float(apart.max()),
        "mean": float(apart.mean()),
        "same": float((found.argmax(-1) == expected.argmax(-1)).float().mean()),
        "spread": float(expected.std()),
    }


@torch.inference_mode()
def _logits(model: nn.Module, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    return model(**inputs, **without_cache(model)).logits


def _answers(model: nn.Module, inputs: list[dict[str, torch.Tensor]]) -> torch.Tensor:
    return torch.stack([_logits(model, one).float() for one in inputs])


def _claim(data: dict, busy: bool) -> Claim:
    rows, errors, lines = [], [], []
    for name, shapes in data["models"].items():
        for shape, ways in shapes.items():
            title = f"{DISPLAY_NAMES[name]}, {shape.replace('x', ' × ')} tokens"
            dense = ways[DENSE]["seconds"]
            times = {key: dense / way["seconds"] for key, way in ways.items()}
            for key, words in titles().items():
                if key not in ways:
                    rows.append((title, words, "not measured", ""))
                    continue
                way = ways[key]
                rows.append((title, words, f"{1e3 * way['seconds']:.0f}", f"{times[key]:.2f} ×"))
                figures = (f"{way['largest']:.1e}", f"{way['mean']:.1e}", f"{way['spread']:.1e}")
                errors.append((title, words, *figures, f"{way['same']:.0%}"))
            if shape == "8x128":
                lines.append(_headline(name, times))
    words = [f"{what}: {note}" for what, note in data["notes"].items()]
    words += [f"not measured: {what} ({why})" for what, why in data["missing"].items()]
    note = (
        f"{torch.get_num_threads()} threads, full shapes, random weights; labkit and DeepSparse on "
        "weights pruned globally, the others dense; medians of forward passes in turn; times "
        "faster than dense float32 of torch. Each engine is a process in an environment of its "
        "own. int8 is dynamic quantisation (`quantize_dynamic` of torch and of ONNX Runtime). "
        "labkit's and DeepSparse's answers are compared with the pruned model's, the others with "
        "the dense model's, each in float32 of torch, on 16 sequences; the head is not trained, so "
        "that decisions are close ones. No engine keeps keys and values for a next token. "
        "DeepSparse is licensed for evaluation only. "
    )
    if busy:
        note += "Other programs ran on this machine at the same time. "
    return Claim(
        title="Whole models: zeros, bf16 and int8 in the engines that people pick",
        columns=("model", "engine", "ms", "faster"),
        rows=tuple(rows),
        note=note + " ".join(f"{line.rstrip('.')}." for line in words),
        headlines=tuple(lines),
        data=data,
        more=(
            Table(
                "What their answers differ by",
                ("model", "engine", "largest", "mean", "spread of the logits", "same decisions"),
                tuple(errors),
            ),
        ),
    )


def _headline(name: str, times: dict[str, float]) -> tuple[str, str, str]:
    """The line of a model in the README: ours at 95 % and 90 %, beside what is fastest of each."""
    parts = []
    for key, title in (
        ("ours", "labkit at 90 / 95 / 99 % zeros"),
        ("ours bf16", "with bf16 activations"),
        ("deepsparse", "DeepSparse"),
    ):
        if all(f"{key} {level}" in times for level in LEVELS):
            found = " / ".join(f"{times[f'{key} {level}']:.1f}" for level in LEVELS)
            parts.append(f"{title} {found}")
    for word in ("bf16", "int8"):
        found = {key: t for key, t in times.items() if word in key and "ours" not in key}
        best = max(found, key=found.__getitem__)
        parts.append(f"dense {word} {found[best]:.1f} ({titles()[best].partition(',')[0]})")
    return (
        f"{DISPLAY_NAMES[name]}, 8 × 128 tokens, in other engines",
        "dense float32 of torch",
        "; ".join(parts),
    )
