"""Where the time of a sparse model goes: the rest, moving activations, multiplying; and a bound."""

from __future__ import annotations

import copy
import functools
from typing import Any

import torch
from torch import nn

from benchmarks.compare import Claim, alternate
from benchmarks.model_inputs import inputs_of
from labkit import load_model, prunable_layers, prune_global, sparse_linear
from labkit.execution.amdahl import FreeLinear
from labkit.execution.own_code import Done
from labkit.execution.sparse_layer import SparseLinear
from labkit.models.sources import DISPLAY_NAMES, MODEL_NAMES
from labkit.models.without_cache import without_cache

LEVELS = (0.9, 0.95, 0.99)
BATCH, LENGTH = 8, 128
PARTS = ("rest", "moving", "multiplying")


def run() -> Claim:
    """Each model at each level, its parts in turn."""
    return claim({name: _measure(name) for name in MODEL_NAMES})


def claim(data: dict[str, Any]) -> Claim:
    """The table that follows from what was measured."""
    rows = []
    for name, found in data.items():
        seconds, peak = found["seconds"], found["flop_per_second"]
        for level in LEVELS:
            parts, flop = shares(found, level), found["flop"][str(level)]
            ours, rate = seconds[f"ours {level}"], flop / parts["multiplying"]
            bound = parts["rest"] + parts["moving"] + flop / peak
            rows.append(
                (
                    DISPLAY_NAMES[name],
                    f"{level:.0%}",
                    f"{1e3 * seconds['dense']:.0f}",
                    f"{1e3 * ours:.0f}",
                    *(f"{1e3 * parts[part]:.0f}" for part in PARTS),
                    f"{rate / 1e9:.0f} of {peak / 1e9:.0f}",
                    *(f"{seconds['dense'] / s:.2f} ×" for s in (ours, bound, seconds["rest"])),
                )
            )
    return Claim(
        title="Where the time of sparse models goes",
        columns=(
            "model",
            "zeros",
            "dense (ms)",
            "ours (ms)",
            *(f"{part} (ms)" for part in PARTS),
            "GFLOP/s",
            "faster",
            "multiplying like dense",
            "layers for nothing",
        ),
        rows=tuple(rows),
        note=f"{torch.get_num_threads()} threads, float32, {BATCH} × {LENGTH} tokens, full shapes, "
        "random weights pruned globally, all prunable layers sparse; medians of passes in turn. "
        "The rest is a pass whose layers cost nothing (attention, norms, embeddings, sums); moving "
        "is what the same layers take beyond it when they have no kept weight at all (reading "
        "activations into panels, GELU, writing results); multiplying is what is then left. "
        "GFLOP/s: of multiplying, and of a dense product, 3,072 × 768 at as many tokens. The last "
        "columns: how many times as fast as dense it is, would be if kept weights were "
        "multiplied as fast as the dense product multiplies, and would be without its layers.",
        data=data,
    )


def shares(found: dict[str, Any], level: float) -> dict[str, float]:
    """Seconds of each of `PARTS` in a pass at this level."""
    seconds = found["seconds"]
    rest, empty, ours = (seconds[way] for way in ("rest", "empty", f"ours {level}"))
    return {"rest": rest, "moving": empty - rest, "multiplying": ours - empty}


def _measure(name: str) -> dict[str, Any]:
    dense = load_model(name, "random").model
    inputs, tokens = inputs_of(name, BATCH, LENGTH), BATCH * LENGTH
    models, flop = {"dense": dense}, {}
    for level in LEVELS:
        model = models[f"ours {level}"] = copy.deepcopy(dense)
        prune_global(model, level)
        kept = [layer.weight.count_nonzero().item() for layer in prunable_layers(model)]
        flop[str(level)] = 2 * tokens * sum(kept)
        chosen = sparse_linear(model, calibrate=False)
        assert all(choice.method == "kernel" for choice in chosen)
    models["empty"] = _emptied(copy.deepcopy(models[f"ours {LEVELS[-1]}"]))
    models["rest"] = _freed(copy.deepcopy(models["empty"]))
    x, layer = torch.randn(tokens, 768), nn.Linear(768, 3072)
    calls = {way: functools.partial(_logits, model, inputs) for way, model in models.items()}
    with torch.inference_mode():
        seconds = alternate({**calls, "product": lambda: layer(x)}, runs=7, warmup=2, pause=0.03)
    peak = 2 * tokens * layer.weight.numel() / seconds.pop("product")
    return {"seconds": seconds, "flop": flop, "flop_per_second": peak}


def _emptied(model: nn.Module) -> nn.Module:
    """The same sparse model without a kept weight, in place."""
    for module in model.modules():
        if isinstance(module, SparseLinear):
            module.values, module.columns = module.values[:0], module.columns[:0]
            module.offsets = torch.zeros_like(module.offsets)
    return model


def _freed(model: nn.Module) -> nn.Module:
    """The same with layers that cost nothing, and so without the GELU in them, in place."""
    for name, module in list(model.named_modules()):
        if isinstance(module, SparseLinear):
            model.set_submodule(name, FreeLinear(module.out_features))
        elif isinstance(module, Done):  # it would compute what no layer does now
            model.set_submodule(name, nn.Identity())
    return model


@torch.inference_mode()
def _logits(model: nn.Module, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    return model(**inputs, **without_cache(model)).logits
