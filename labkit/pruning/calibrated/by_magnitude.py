"""Magnitude layer by layer, with the same choices as the criteria that look at data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from labkit.models import float8, recomputed
from labkit.pruning.calibrated.goals import check_per, goals_of, lowest
from labkit.pruning.prune import Pruning, writable_layers

if TYPE_CHECKING:
    import torch
    from torch import nn


def prune_layerwise(
    model: nn.Module,
    sparsity: float | Mapping[str, float] | None = None,
    *,
    per: str = "layer",
    pattern: tuple[int, int] | None = None,
    keep_masks: bool = False,
) -> Pruning:
    """Zero the smallest weights of each layer, in place: the baseline of `prune_wanda`.

    Args:
        model: a `transformers` model; the weights of `prunable_layers(model)` are changed.
        sparsity: fraction of zeros of each layer, 0 to 1, or layer's name → its own (`allocate`);
            layers that are not named stay as they are.
        per: "layer", or "row" to compare the weights of each output by themselves.
        pattern: (n, m): keep n of every m consecutive inputs instead.
        keep_masks: keep the masks in the result: a byte for each weight.

    Raises:
        InputError: as `prune_model`, a name that is no layer's, no sparsity and no pattern, or
            inputs that do not divide into groups; nothing is changed.
    """
    check_per(per)
    layers = writable_layers(model)
    goals = goals_of(layers, sparsity, pattern)
    dropped, masks = [], {}
    for layer in layers:
        if layer.name not in goals.levels:
            dropped.append(0)
            continue
        weight: torch.Tensor = layer.weight.detach()
        matrix = weight.T if layer.transposed else weight
        sizes = matrix.to(float8.ranked(matrix.dtype)).abs()
        mask = lowest(sizes, goals.levels[layer.name], per, pattern)
        mask = mask.T.contiguous() if layer.transposed else mask
        float8.set_zero(weight, ~mask)
        dropped.append(mask.numel() - int(mask.sum()))
        if keep_masks:
            masks[layer.name] = mask
    recomputed.confirm(model, layers)
    kept = masks if keep_masks else None
    return Pruning("layerwise" + goals.title, goals.requested, layers, tuple(dropped), kept)
