"""Prune block by block what a statistic of the inputs says, and put all back if that fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

from labkit.errors import InputError
from labkit.models import float8, recomputed
from labkit.models.prunable import Layer
from labkit.pruning.calibrated.goals import Goals, goals_of
from labkit.pruning.calibrated.inputs import walk
from labkit.pruning.calibrated.result import CalibratedPruning
from labkit.pruning.calibrated.sequences import rows_of
from labkit.pruning.prune import writable_layers

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


class Statistic(Protocol):
    """What is kept of a layer's inputs."""

    tokens: int

    def add(self, inputs: torch.Tensor) -> None:
        """Count (tokens, inputs) in."""

    def finite(self) -> bool:
        """Whether no input was NaN or infinite."""


Solve = Callable[["torch.Tensor", Any, float, str], tuple["torch.Tensor", "torch.Tensor"]]
"""(weight, statistic, sparsity, name) → (weight with its zeros, mask), all (outputs, inputs)."""


def prune_by_block(
    model: PreTrainedModel,
    sequences: Any,
    sparsity: Any,
    *,
    method: str,
    pattern: tuple[int, int] | None,
    statistic: Callable[[Layer], Statistic],
    solve: Callable[[Goals], Solve],
    tokenizer: Any = None,
    keep_masks: bool = False,
    report: Callable[[int, int], None] | None = None,
) -> CalibratedPruning:
    """Prune `model` in place; see `prune_wanda` and `prune_sparsegpt`, which say how."""
    layers = writable_layers(model)
    goals = goals_of(layers, sparsity, pattern)
    for layer in layers:
        if float8.is_float8(layer.weight.dtype):
            raise InputError(
                f"{layer.name} is {layer.weight.dtype}, in which no forward pass runs: load the "
                "model in bfloat16 or float32"
            )
    rows = rows_of(model, sequences, tokenizer)
    solver = solve(goals)
    dropped = dict.fromkeys((layer.name for layer in layers), 0)
    masks: dict[str, torch.Tensor] = {}
    missed = {layer.name for layer in layers if layer.name in goals.levels}
    with _all_or_nothing() as changed:
        blocks = walk(model, rows)
        for block in blocks:
            wanted = [layer for layer in block.layers if layer.name in goals.levels]
            if not wanted:
                continue
            found = collected(block.see, wanted, statistic)
            for layer in wanted:
                if not found[layer.name].tokens:
                    continue
                missed.discard(layer.name)
                changed.append((layer, layer.weight.detach().clone()))
                level = goals.levels[layer.name]
                mask = _prune(layer, found.pop(layer.name), level, solver)
                dropped[layer.name] = mask.numel() - int(mask.sum())
                if keep_masks:
                    masks[layer.name] = mask
                if report:
                    report(len(changed), len(goals.levels))
        recomputed.confirm(model, layers)
    return CalibratedPruning(
        method + goals.title,
        goals.requested,
        layers,
        tuple(dropped.values()),
        masks if keep_masks else None,
        len(rows.rows),
        rows.tokens,
        tuple(
            f"{layer.name}: no token of the calibration was seen to reach it; left as it was"
            for layer in layers
            if layer.name in missed
        ),
        (*rows.notes, *_precision(layers)),
    )


def collected(
    see: Callable, layers: list[Layer], statistic: Callable[[Layer], Statistic]
) -> dict[str, Any]:
    """The statistic of each layer of a block.

    Raises:
        InputError: a layer (named) has NaN or infinite inputs.
    """
    found = {layer.name: statistic(layer) for layer in layers}

    def visit(layer: Layer, inputs: torch.Tensor) -> None:
        if layer.name in found:
            found[layer.name].add(inputs)

    see(visit)
    for name, one in found.items():
        if not one.finite():
            raise InputError(
                f"the inputs of {name} hold NaN or infinite values, so that its weights cannot be "
                "ranked: look at the model's own outputs on this calibration, or load it in "
                "float32 if it is in half precision"
            )
    return found


def working(dtype: torch.dtype) -> torch.dtype:
    """The dtype to compute in: float32, or float64 for weights that have it."""
    import torch

    return dtype if dtype == torch.float64 else torch.float32


def _prune(layer: Layer, statistic: Statistic, level: float, solve: Solve) -> torch.Tensor:
    """Write the solution into the layer; returns the mask in the layer's shape."""
    weight = layer.weight.detach()
    matrix = weight.T if layer.transposed else weight
    solution, mask = solve(matrix.to(working(weight.dtype)), statistic, level, layer.name)
    matrix.copy_(solution)
    float8.set_zero(matrix, ~mask)
    return mask.T.contiguous() if layer.transposed else mask


@contextmanager
def _all_or_nothing() -> Iterator[list[tuple[Layer, torch.Tensor]]]:
    """Layers and their weights as they were, which are put back after an error."""
    changed: list[tuple[Layer, torch.Tensor]] = []
    try:
        yield changed
    except BaseException:
        for layer, weight in changed:
            layer.weight.detach().copy_(weight)
        raise


def _precision(layers: tuple[Layer, ...]) -> list[str]:
    kinds = {str(layer.weight.dtype).removeprefix("torch.") for layer in layers}
    half = sorted(kinds - {"float32", "float64"})
    return [
        f"weights are {kind}: scores are computed in float32, what is written is rounded to {kind}"
        for kind in half
    ]
