"""N:M sparsity: of every M consecutive inputs of an output, keep the N largest weights.

Mishra et al. 2021, "Accelerating Sparse Deep Neural Networks": NVIDIA's sparse tensor cores skip
the zeros of 2:4 in half precision.  Elsewhere the pattern saves neither time nor, by itself, space.
"""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.models import float8, recomputed
from labkit.models.prunable import Layer, check_values
from labkit.pruning.prune import Pruning, writable_layers

if TYPE_CHECKING:
    import torch
    from torch import nn


def nm_mask(weight: torch.Tensor, n: int = 2, m: int = 4, *, dim: int = 1) -> torch.Tensor:
    """Mask that keeps the `n` largest magnitudes of every `m` consecutive entries along `dim`.

    Of equal magnitudes the one with the lower index goes first, as in `global_masks`.

    Args:
        weight: floating-point matrix; its length along `dim` is a multiple of `m`.
        n: entries kept of each group, 0 to `m`.
        m: length of a group.
        dim: the inputs: 1 for `nn.Linear` (outputs x inputs), 0 for GPT-2's `Conv1D`.

    Returns:
        Bool tensor of the same shape and device, True where the entry is kept.

    Raises:
        InputError: `n` is not within 0 to `m`, no matrix or another `dim`, the length is no
            multiple of `m`, NaN or infinity, or no values (on the device "meta").
    """
    import torch

    _check(weight, n, m, dim)
    sizes = weight.detach().to(float8.ranked(weight.dtype)).abs()
    groups = sizes.unflatten(dim, (-1, m)).movedim(dim + 1, -1)
    lowest = groups.argsort(dim=-1, stable=True)[..., : m - n]
    keep = torch.ones(groups.shape, dtype=torch.bool, device=weight.device)
    keep.scatter_(-1, lowest, False)
    return keep.movedim(-1, dim + 1).flatten(dim, dim + 1)


def prune_nm(model: nn.Module, n: int = 2, m: int = 4, *, keep_masks: bool = False) -> Pruning:
    """Prune every prunable weight of `model` to the pattern N:M, in place; see `nm_mask`.

    Args:
        model: a `transformers` model; the weights of `prunable_layers(model)` are changed.
        n: weights kept of each group.
        m: consecutive inputs that make a group.
        keep_masks: keep the masks in the result: a byte for each prunable weight.

    Raises:
        InputError: as `nm_mask` and `prune_model`, with the layer's name, before anything is
            changed.
    """
    layers = writable_layers(model)
    for layer in layers:
        try:
            _check(layer.weight, n, m, _inputs(layer))
        except InputError as error:
            raise InputError(f"{layer.name}: {error}") from None
    dropped, masks = [], {}
    for layer in layers:
        mask = nm_mask(layer.weight, n, m, dim=_inputs(layer))
        float8.set_zero(layer.weight.detach(), ~mask)
        dropped.append(mask.numel() - int(mask.sum()))
        if keep_masks:
            masks[layer.name] = mask
    recomputed.confirm(model, layers)
    return Pruning(f"{n}:{m}", 1 - n / m, layers, tuple(dropped), masks if keep_masks else None)


def _inputs(layer: Layer) -> int:
    return 0 if layer.transposed else 1


def _check(weight: torch.Tensor, n: int, m: int, dim: int) -> None:
    import torch

    whole = isinstance(n, Integral) and isinstance(m, Integral)
    if not whole or not 0 <= n <= m or m < 1:
        raise InputError(f"{n}:{m} is no pattern: keep n of every m weights, 0 <= n <= m")
    if weight.dim() != 2 or dim not in (0, 1):
        raise InputError(f"dim {dim} of {weight.dim()}: a matrix is needed, and its dim 0 or 1")
    if weight.shape[dim] % m:
        raise InputError(f"{weight.shape[dim]} inputs do not divide into groups of {m}")
    check_values("the weight", weight)
    if not torch.isfinite(weight.to(float8.ranked(weight.dtype))).all():
        raise InputError("holds NaN or infinite values: their magnitude cannot be ranked")
