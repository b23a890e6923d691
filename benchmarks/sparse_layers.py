"""One sparse layer of each course shape: our kernel, torch's CSR, scipy's CSR, dense torch."""

from __future__ import annotations

import numpy as np
import scipy.sparse
import torch

from benchmarks.compare import Claim, alternate
from labkit.execution import kernels

SHAPES = ((768, 768), (2304, 768), (3072, 768), (768, 3072))  # outputs, inputs
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
TOKENS = (8 * 128, 32, 1)
PEERS = {"kernel": "ours", "csr": "torch CSR", "scipy": "scipy CSR"}


def run() -> Claim:
    """All shapes, levels and token counts; times over the dense layer's, and break-even."""
    rows, data, at_90, worst = [], {}, [], 0.0
    for tokens in TOKENS:
        for outputs, inputs in SHAPES:
            seconds = _measure(outputs, inputs, tokens)
            for way, title in PEERS.items():
                over = [seconds["dense"] / seconds[f"{way} {level}"] for level in LEVELS]
                even = _break_even(over)
                rows.append(
                    (
                        f"{inputs} → {outputs}, {tokens} token{'s' * (tokens > 1)}",
                        title,
                        f"{1e3 * seconds['dense']:.2f}",
                        *(f"{times:.2f} ×" for times in over),
                        _text(even),
                    )
                )
                if way == "kernel" and tokens == TOKENS[0]:
                    at_90.append(over[LEVELS.index(0.9)])
                    worst = max(worst, even)
            data[f"{outputs}x{inputs} {tokens}"] = seconds
    return Claim(
        title="Sparse layers over dense ones",
        columns=("layer", "product", "dense (ms)", *(f"{s:.0%}" for s in LEVELS), "break-even"),
        rows=tuple(rows),
        note=f"{torch.get_num_threads()} threads, float32, bias included, activations in and out "
        "as tokens × width; medians of calls in turn; times faster than dense. Zeros fall at "
        "random; break-even is interpolated. scipy's product runs on one thread.",
        headlines=(
            (
                f"one layer, {TOKENS[0]:,} tokens, 90 % zeros",
                "dense torch",
                f"{min(at_90):.1f} to {max(at_90):.1f} × faster; pays from {_text(worst)} zeros on",
            ),
        ),
        data=data,
    )


def _measure(outputs: int, inputs: int, tokens: int) -> dict[str, float]:
    torch.manual_seed(0)
    x, bias = torch.randn(tokens, inputs), torch.randn(outputs)
    weight, score = torch.randn(outputs, inputs), torch.rand(outputs, inputs)
    ways = {"dense": lambda: torch.nn.functional.linear(x, weight, bias)}
    for level in LEVELS:
        pruned = weight * (score >= level)
        kept, array = kernels.kept(pruned), scipy.sparse.csr_array(pruned.numpy())
        ways[f"kernel {level}"] = lambda k=kept: kernels.kernel_product(x, k, bias)
        ways[f"csr {level}"] = lambda k=kept: kernels.csr_product(x, k, bias)
        ways[f"scipy {level}"] = lambda a=array: (
            np.ascontiguousarray((a @ x.numpy().T).T) + (bias.numpy())
        )
        exact = torch.nn.functional.linear(x, pruned, bias)
        for way in PEERS:
            np.testing.assert_allclose(ways[f"{way} {level}"](), exact, atol=1e-3)
    return alternate(ways, runs=5 if tokens >= 1024 else 25, warmup=1)


def _break_even(over: list[float]) -> float:
    """The sparsity at which time, straight between levels, equals the dense layer's; or NaN."""
    if over[0] >= 1:
        return 0.0
    for i, times in enumerate(over[1:]):
        if times >= 1:
            low, high = 1 / over[i], 1 / times  # time in units of the dense layer's
            return LEVELS[i] + (LEVELS[i + 1] - LEVELS[i]) * (low - 1) / (low - high)
    return float("nan")


def _text(even: float) -> str:
    if even != even:
        return "never"
    return f"under {LEVELS[0]:.0%}" if even < LEVELS[0] else f"{even:.0%}"
