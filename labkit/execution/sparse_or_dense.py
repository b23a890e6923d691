"""What decides, layer by layer, whether it runs sparse or dense: what was measured, or a rule."""

from __future__ import annotations

from dataclasses import dataclass

from labkit.execution import calibration, kernels

FALLBACK_BREAK_EVEN = 0.8
"""Sparsity from which layers are replaced where nothing is measured (`calibrate=False`)."""


@dataclass(frozen=True)
class LayerChoice:
    """What `sparse_linear` decided for one layer.

    `method` is "dense", "kernel" or "csr"; `precision` is what a sparse layer computes in, a dense
    one stays float32; `dense_ms` and `sparse_ms` are the expected times of the dense layer and of
    the best sparse one, and `break_even` is the sparsity from which that
    one pays; NaN where nothing was measured.
    """

    name: str
    outputs: int
    inputs: int
    sparsity: float
    method: str
    dense_ms: float = float("nan")
    sparse_ms: float = float("nan")
    break_even: float = float("nan")
    precision: str = "float32"


def choose(
    name: str, outputs: int, inputs: int, sparsity: float, tokens: int | None, precision: str
) -> LayerChoice:
    """The choice for one layer, by measuring at a number of tokens, or without."""
    if tokens is None:
        fallback = "csr" if kernels.problem() else "kernel"
        method = fallback if sparsity >= FALLBACK_BREAK_EVEN else "dense"
        return LayerChoice(name, outputs, inputs, sparsity, method, precision=precision)
    times = calibration.times(outputs, inputs, tokens, precision)
    method, milliseconds = times.best(sparsity)
    return LayerChoice(
        name,
        outputs,
        inputs,
        sparsity,
        times.choice(sparsity),
        times.dense,
        milliseconds,
        times.break_even(method),
        precision,
    )
