"""Whole models with sparse layers over dense ones, at the full shapes of the course's models."""

from __future__ import annotations

import copy
import functools
import subprocess
import sys

import torch
from torch import nn
from transformers.activations import NewGELUActivation

from benchmarks.compare import Claim, alternate
from benchmarks.model_inputs import inputs_of
from benchmarks.onnx_peer import OnnxRuntime
from labkit import load_model, prune_global, sparse_linear
from labkit.execution import attention, residual_norm
from labkit.execution.activations import OnePassGELU
from labkit.execution.amdahl import free_linear
from labkit.execution.sparse_layer import SparseLinear
from labkit.models.sources import DISPLAY_NAMES, MODEL_NAMES
from labkit.models.without_cache import without_cache

LEVELS = (0.9, 0.95, 0.99)
PAUSE = 0.03
"""Seconds before each pass: ONNX Runtime's threads go on looking for work for a while."""
DENSER = (0.3, 0.6)
"""Where many layers stay dense: a model must not become slower than by a twentieth."""
BATCHES = ((8, 128), (1, 32))
MISSING = "not measured"


def run() -> Claim:
    """Each model, batch and level: ours, torch's CSR, ONNX Runtime's dense model, the limit."""
    rows, data, lines, denser = [], {}, [], []
    for name in MODEL_NAMES:
        seconds = _measure(name)
        data[name] = seconds
        for batch, length in BATCHES:
            found = seconds[f"{batch}x{length}"]
            over = {way: found["dense"] / s if s else None for way, s in found.items()}
            denser += [over[f"ours {level}"] for level in DENSER]
            for level in LEVELS:
                rows.append(
                    (
                        f"{DISPLAY_NAMES[name]}, {batch} × {length} tokens",
                        f"{level:.0%}",
                        f"{1e3 * found['dense']:.0f}",
                        f"{1e3 * found[f'ours {level}']:.0f}",
                        *(
                            f"{over[way]:.2f} ×" if over[way] else MISSING
                            for way in (f"ours {level}", f"csr {level}", "onnx", "rest")
                        ),
                    )
                )
            if (batch, length) == BATCHES[0]:
                times = " / ".join(f"{over[f'ours {level}']:.1f}" for level in LEVELS)
                lines.append(
                    (
                        f"{DISPLAY_NAMES[name]}, 8 × 128 tokens, 90 / 95 / 99 % zeros",
                        "dense torch",
                        f"{times} × faster (limit {over['rest']:.1f})",
                    )
                )
    return Claim(
        title="Whole models with sparse layers over dense ones",
        columns=(
            "model",
            "zeros",
            "dense torch (ms)",
            "ours (ms)",
            "ours",
            "torch CSR",
            "ONNX Runtime, dense",
            "limit",
        ),
        rows=tuple(rows),
        note=f"{torch.get_num_threads()} threads, float32, full shapes, random weights pruned "
        "globally; medians of forward passes in turn; times faster than dense torch. The limit "
        "is what free layers would give: the rest (embeddings, attention, norms, activations, "
        "all as sparse models have them) is not pruned. "
        f"At {' and '.join(f'{level:.0%}' for level in DENSER)} zeros, where the measured "
        "break-even leaves many layers dense, a model takes between "
        f"{1 / max(denser):.2f} and {1 / min(denser):.2f} times as long as dense. ONNX Runtime in "
        "its own environment and process.",
        headlines=tuple(lines),
        data=data,
    )


def _measure(name: str) -> dict[str, dict[str, float | None]]:
    dense = load_model(name, "random").model
    rest = copy.deepcopy(dense)
    free_linear(rest)
    for path in [n for n, m in rest.named_modules() if isinstance(m, NewGELUActivation)]:
        rest.set_submodule(path, OnePassGELU())  # as sparse_linear has it, and so with attention
    attention.use(rest)
    residual_norm.use(rest)
    found = {}
    for batch, length in BATCHES:
        inputs = inputs_of(name, batch, length)
        ways = {"dense": dense, "rest": rest}
        for level in (*DENSER, *LEVELS):
            ours = copy.deepcopy(dense)
            prune_global(ours, level)
            expected = _logits(ours, inputs)
            sparse_linear(ours, tokens=batch * length)
            ways[f"ours {level}"] = ours
            if level in DENSER:
                torch.testing.assert_close(_logits(ours, inputs), expected, atol=1e-4, rtol=0)
                continue
            csr = ways[f"csr {level}"] = copy.deepcopy(ours)
            for module in csr.modules():
                if isinstance(module, SparseLinear):
                    module.method = "csr"
            for model in (ours, csr):
                torch.testing.assert_close(_logits(model, inputs), expected, atol=1e-4, rtol=0)
        calls = {way: functools.partial(_logits, model, inputs) for way, model in ways.items()}
        onnx = None
        try:
            onnx = calls["onnx"] = OnnxRuntime(name, batch, length, torch.get_num_threads())
        except (OSError, subprocess.SubprocessError) as error:
            print(f"ONNX Runtime is not measured: {error}", file=sys.stderr)
        many = batch * length >= 1024
        found[f"{batch}x{length}"] = {
            "onnx": None,
            **alternate(calls, runs=5 if many else 15, warmup=1, pause=PAUSE),
        }
        if onnx:
            onnx.close()
    return found


@torch.inference_mode()
def _logits(model: nn.Module, inputs: dict[str, torch.Tensor]) -> torch.Tensor:
    return model(**inputs, **without_cache(model)).logits
