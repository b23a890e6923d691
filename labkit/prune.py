"""Set the smallest weights to zero: globally, layer by layer, or at random.

`mask` is True where a weight is kept, `sparsity` is the fraction of zeros, 0 to 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.layers import Layer, prunable_layers

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import torch
    from torch import nn

LEVELS = (0.1, 0.5, 0.9, 0.95, 0.99)
"""The five sparsities of the course."""

_CHUNK = 1 << 20  # weights looked at in one step: keeps temporaries at a few MB for any layer
_DIGIT = 16  # bits of a magnitude that one pass of the selection counts


def check_sparsity(sparsity: float) -> float:
    """Return `sparsity` as a float if it is a number from 0 to 1.

    Raises:
        InputError: anything else (1.2, 90, nan, text); says how to write a percentage.
    """
    valid = isinstance(sparsity, Real) and not isinstance(sparsity, bool)
    if not valid or not 0 <= float(sparsity) <= 1:
        raise InputError(
            f"sparsity is {sparsity!r}; it is the fraction of zeros, a number from 0 to 1 "
            "(write 0.9 for 90 %)"
        )
    return float(sparsity)


@dataclass(frozen=True, eq=False)
class Pruning:
    """What a pruning step did.

    `requested` is the sparsity asked for; `masks` maps each parameter's name to a bool tensor of
    its shape (True: kept); `layers` are the weights' places in the order of the masks.
    """

    method: str
    requested: float
    masks: dict[str, torch.Tensor]
    layers: tuple[Layer, ...]

    @property
    def total(self) -> int:
        """Number of prunable weights."""
        return sum(mask.numel() for mask in self.masks.values())

    @property
    def zeros(self) -> int:
        """Number of weights that the masks set to zero."""
        return sum(mask.numel() - int(mask.sum()) for mask in self.masks.values())

    @property
    def sparsity(self) -> float:
        """Sparsity of the masks over all prunable weights, 0 to 1."""
        return self.zeros / self.total

    def table(self) -> pd.DataFrame:
        """One row per layer: parameter, stack, block, weights, zeros, sparsity."""
        import pandas as pd

        rows = []
        for layer, mask in zip(self.layers, self.masks.values(), strict=True):
            count, zeros = mask.numel(), mask.numel() - int(mask.sum())
            share = zeros / count if count else 0.0
            rows.append((layer.name, layer.stack, layer.block, count, zeros, share))
        columns = ["parameter", "stack", "block", "weights", "zeros", "sparsity"]
        return pd.DataFrame(rows, columns=columns)


def global_masks(tensors: Mapping[str, torch.Tensor], sparsity: float) -> dict[str, torch.Tensor]:
    """Masks that drop the entries of smallest magnitude over all tensors together.

    Exactly `round(sparsity * n)` of the `n` entries are dropped (Python's rounding, half to
    even).  Equal magnitudes are dropped in the order of the tensors, then of the flat index;
    0.0 and -0.0 are equal.  Identical to `torch.nn.utils.prune.global_unstructured` with
    `L1Unstructured` wherever magnitudes are distinct.

    The threshold is found by counting, not by sorting: the bit pattern of |w|, read as an
    integer, grows with |w|, so a histogram over its 16 upper bits, and then one over the lower
    bits within one bin, select the exact k-th smallest value (radix selection; Knuth, The Art
    of Computer Programming 3, 5.2.5).  No tensor is concatenated or copied as a whole.

    Args:
        tensors: name → floating-point tensor of any shape; empty tensors are allowed.
        sparsity: fraction to drop, 0 to 1.

    Returns:
        Name → bool tensor of the same shape and device, True where the entry is kept.

    Raises:
        InputError: `sparsity` outside 0 to 1, no entries at all, a tensor that is not
            floating-point, or NaN or infinity in a tensor (named).
    """
    import torch

    total = _check_tensors(tensors)
    drop = round(check_sparsity(sparsity) * total)
    if drop == 0:
        return {name: torch.ones_like(t, dtype=torch.bool) for name, t in tensors.items()}
    dtype = _common_dtype(tensors)
    threshold, ties = _select(tensors, dtype, drop)
    masks = {}
    for name, tensor in tensors.items():
        keep = torch.empty(tensor.numel(), dtype=torch.bool)
        for start, keys in _keys(tensor, dtype):
            part = torch.from_numpy(keys > threshold)
            tied = torch.from_numpy((keys == threshold).nonzero()[0])
            part[tied[ties:]] = True  # the first `ties` of them are dropped, the rest is kept
            ties = max(0, ties - len(tied))
            keep[start : start + len(keys)] = part
        masks[name] = keep.view(tensor.shape).to(tensor.device)
    return masks


def layerwise_masks(
    tensors: Mapping[str, torch.Tensor], sparsity: float
) -> dict[str, torch.Tensor]:
    """Masks that drop the same fraction, `round(sparsity * n_i)`, of each tensor.

    Raises and ties as in `global_masks`.
    """
    import torch

    _check_tensors(tensors)
    return {
        name: global_masks({name: tensor}, sparsity)[name]
        if tensor.numel()
        else torch.ones_like(tensor, dtype=torch.bool)
        for name, tensor in tensors.items()
    }


def random_masks(
    tensors: Mapping[str, torch.Tensor], sparsity: float, *, seed: int = 0
) -> dict[str, torch.Tensor]:
    """Masks that drop `round(sparsity * n)` entries drawn uniformly over all tensors.

    The baseline that a criterion has to beat.  Raises as `global_masks`.
    """
    import torch

    _check_tensors(tensors)
    generator = torch.Generator().manual_seed(seed)
    scores = {name: torch.rand(t.shape, generator=generator) for name, t in tensors.items()}
    masks = global_masks(scores, sparsity)
    return {name: mask.to(tensors[name].device) for name, mask in masks.items()}


METHODS: dict[str, Callable] = {
    "global": lambda tensors, sparsity, seed: global_masks(tensors, sparsity),
    "layerwise": lambda tensors, sparsity, seed: layerwise_masks(tensors, sparsity),
    "random": lambda tensors, sparsity, seed: random_masks(tensors, sparsity, seed=seed),
}
"""Name → masks from (tensors, sparsity, seed)."""


def prune_model(
    model: nn.Module, sparsity: float, *, method: str = "global", seed: int = 0
) -> Pruning:
    """Zero weights of `model`, in place, by one of `METHODS`.

    Args:
        model: a `transformers` model; the weights of `prunable_layers(model)` are changed.
        sparsity: fraction of zeros over the prunable weights, 0 to 1.
        method: "global", "layerwise" or "random".
        seed: used by "random" only.

    Raises:
        InputError: bad sparsity or method, NaN or infinite weights, nothing to prune.
    """
    import torch

    if method not in METHODS:
        raise InputError(f"no pruning method {method!r}: choose from {', '.join(METHODS)}")
    layers = tuple(prunable_layers(model))
    weights = {layer.name: layer.weight.detach() for layer in layers}
    masks = METHODS[method](weights, sparsity, seed)
    with torch.no_grad():
        for name, weight in weights.items():
            weight.masked_fill_(~masks[name], 0.0)
    return Pruning(method, float(sparsity), masks, layers)


def prune_global(model: nn.Module, sparsity: float) -> Pruning:
    """Global unstructured magnitude pruning of `model`, in place; see `global_masks`.

    Pruning a model again does not compound: weights that are zero already are the smallest, so
    they are chosen first.  The result's `sparsity` is that of its masks; a model that was sparser
    before stays so (see `sparsity_of`).
    """
    return prune_model(model, sparsity, method="global")


def sweep(
    model: nn.Module, levels: Sequence[float] = LEVELS, *, method: str = "global", seed: int = 0
) -> Iterator[Pruning]:
    """Prune `model` to each level in turn, each time from its weights as they are now.

    Yields one `Pruning` per level while the model is in that state; the weights are put back
    when the loop ends, also when it ends early or by an error.

    Example:
        >>> for pruning in sweep(model, (0.5, 0.9)):
        ...     print(pruning.sparsity, evaluate_mrpc(model, tokenizer, rows).accuracy)

    Raises:
        InputError: as `prune_model`, for any of the levels before the first is pruned.
    """
    for level in levels:
        check_sparsity(level)
    weights = [layer.weight.detach() for layer in prunable_layers(model)]
    pristine = [weight.clone() for weight in weights]
    try:
        for level in levels:
            yield prune_model(model, level, method=method, seed=seed)
            _restore(weights, pristine)
    finally:
        _restore(weights, pristine)


def _restore(weights: list[torch.Tensor], pristine: list[torch.Tensor]) -> None:
    for weight, original in zip(weights, pristine, strict=True):
        weight.copy_(original)


def _check_tensors(tensors: Mapping[str, torch.Tensor]) -> int:
    """Number of entries, all of them finite floating-point numbers."""
    import torch

    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            raise InputError(f"{name} has dtype {tensor.dtype}; pruning needs floating point")
        if not torch.isfinite(tensor).all():
            bad = int((~torch.isfinite(tensor)).sum())
            raise InputError(
                f"{name} holds {bad} NaN or infinite values: their magnitude cannot be ranked. "
                "Load the checkpoint again, or look for what made them."
            )
    total = sum(tensor.numel() for tensor in tensors.values())
    if total == 0:
        raise InputError("there are no weights to prune: every tensor is empty")
    return total


def _common_dtype(tensors: Mapping[str, torch.Tensor]) -> torch.dtype:
    """The narrowest dtype that holds every entry exactly."""
    import torch

    dtypes = [tensor.dtype for tensor in tensors.values()]
    common = dtypes[0]
    for dtype in dtypes[1:]:
        common = torch.promote_types(common, dtype)
    return common


def _keys(tensor: torch.Tensor, dtype: torch.dtype) -> Iterator[tuple[int, np.ndarray]]:
    """Yield (start, keys): the bit patterns of |w| as integers that order as |w| does."""
    import torch

    integer = {2: torch.int16, 4: torch.int32, 8: torch.int64}[dtype.itemsize]
    flat = tensor.detach().reshape(-1)
    for start in range(0, flat.numel(), _CHUNK):
        part = flat[start : start + _CHUNK].to(device="cpu", dtype=dtype)
        yield start, part.abs().view(integer).numpy()


def _select(tensors: Mapping[str, torch.Tensor], dtype: torch.dtype, rank: int) -> tuple[int, int]:
    """The key of the `rank`-th smallest magnitude (from 1), and how many equal ones it takes."""
    import numpy as np

    prefix = 0
    for shift in range(8 * dtype.itemsize - _DIGIT, -1, -_DIGIT):
        counts = np.zeros(1 << _DIGIT, dtype=np.int64)
        for tensor in tensors.values():
            for _, keys in _keys(tensor, dtype):
                digits = keys >> shift
                if shift + _DIGIT < 8 * dtype.itemsize:  # not the first digit: of one bin only
                    digits = digits[digits >> _DIGIT == prefix] & ((1 << _DIGIT) - 1)
                counts += np.bincount(digits, minlength=len(counts))
        cumulative = counts.cumsum()
        digit = int(np.searchsorted(cumulative, rank))
        rank -= int(cumulative[digit - 1]) if digit else 0
        prefix = prefix << _DIGIT | digit
    return prefix, rank


def sparsity_of(model: nn.Module) -> tuple[float, float]:
    """Fraction of exact zeros, 0 to 1: (of the prunable weights, of all parameters).

    These are two different numbers: the embeddings and norms stay dense, so that RoBERTa-base at
    99 % of its prunable weights has zeros in only about two thirds of the model.
    """
    prunable = [layer.weight for layer in prunable_layers(model)]
    everything = list(model.parameters())

    def share(tensors: list) -> float:
        count = sum(t.numel() for t in tensors)
        return sum(t.numel() - int(t.count_nonzero()) for t in tensors) / count

    return share(prunable), share(everything)
