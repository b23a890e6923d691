"""Set the smallest weights of a model to zero: globally, layer by layer, or at random."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.models import float8, recomputed
from labkit.models.prunable import Layer, check_values, prunable_layers
from labkit.models.same_memory import distinct
from labkit.pruning import threads
from labkit.pruning.apply_rules import drop
from labkit.pruning.masks import METHODS, Selection, check_sparsity

if TYPE_CHECKING:
    import pandas as pd
    import torch
    from torch import nn

__all__ = ["LEVELS", "METHODS", "Pruning", "check_sparsity", "prune_global", "prune_model", "sweep"]

LEVELS = (0.1, 0.5, 0.9, 0.95, 0.99)
"""The five sparsities of the course."""


@dataclass(frozen=True, eq=False)
class Pruning:
    """What a pruning step did.

    `requested` is the sparsity asked for; `layers` are the weights' places, and `dropped` says how
    many weights of each the masks set to zero.
    """

    method: str
    requested: float
    layers: tuple[Layer, ...]
    dropped: tuple[int, ...]
    kept_masks: dict[str, torch.Tensor] | None = None

    @property
    def masks(self) -> dict[str, torch.Tensor]:
        """Parameter's name → bool tensor of its shape, True where the weight was kept.

        Raises:
            InputError: the masks were not asked for with `keep_masks=True`.
        """
        if self.kept_masks is None:
            raise InputError("the masks were not kept: prune with keep_masks=True")
        return self.kept_masks

    @property
    def total(self) -> int:
        """Number of prunable weights."""
        return sum(layer.weight.numel() for layer in self.layers)

    @property
    def zeros(self) -> int:
        """Number of weights that the masks set to zero."""
        return sum(self.dropped)

    @property
    def sparsity(self) -> float:
        """Sparsity of the masks over all prunable weights, 0 to 1."""
        return self.zeros / self.total

    def table(self) -> pd.DataFrame:
        """One row per matrix: parameter, stack, block, expert (-1), weights, zeros, sparsity."""
        import pandas as pd

        rows = []
        for layer, zeros in zip(self.layers, self.dropped, strict=True):
            count = layer.weight.numel()
            share = zeros / count if count else 0.0
            rows.append((layer.name, layer.stack, layer.block, layer.expert, count, zeros, share))
        columns = ["parameter", "stack", "block", "expert", "weights", "zeros", "sparsity"]
        return pd.DataFrame(rows, columns=columns)


def prune_model(
    model: nn.Module,
    sparsity: float,
    *,
    method: str = "global",
    seed: int = 0,
    keep_masks: bool = False,
) -> Pruning:
    """Zero weights of `model`, in place, by one of `METHODS`.

    Args:
        model: a `transformers` model; the weights of `prunable_layers(model)` are changed.
        sparsity: fraction of zeros over the prunable weights, 0 to 1.
        method: "global", "layerwise" or "random".
        seed: used by "random" only.
        keep_masks: keep the masks in the result: a byte for each prunable weight.

    Raises:
        InputError: bad sparsity or method, NaN or infinite weights, nothing to prune, or weights
            that the model computes anew at each forward pass (named, with the remedy).
    """
    layers = writable_layers(model)
    pruning = next(_prunings(layers, _weights(layers), [sparsity], method, seed, keep_masks))
    recomputed.confirm(model, layers)
    return pruning


def prune_global(model: nn.Module, sparsity: float, *, keep_masks: bool = False) -> Pruning:
    """Global unstructured magnitude pruning of `model`, in place; see `global_masks`.

    Pruning a model again does not compound: weights that are zero already are the smallest, so
    they are chosen first.  The result's `sparsity` is that of its masks; a model that was sparser
    before stays so (see `sparsity_of`).
    """
    return prune_model(model, sparsity, keep_masks=keep_masks)


def sweep(
    model: nn.Module,
    levels: Sequence[float] = LEVELS,
    *,
    method: str = "global",
    seed: int = 0,
    keep_masks: bool = False,
) -> Iterator[Pruning]:
    """Prune `model` to each level in turn, each time from its weights as they are now.

    What goes at each level is selected for all levels at once, before the first.  Yields one
    `Pruning` per level while the model is in that state; the weights are put back when the loop
    ends, also when it ends early or by an error.

    Example:
        >>> for pruning in sweep(model, (0.5, 0.9)):
        ...     scores = evaluate_mrpc(model, tokenizer, rows)
        ...     print(pruning.sparsity, scores.accuracy)

    Raises:
        InputError: as `prune_model`, for any of the levels before the first is pruned.
    """
    levels = [check_sparsity(level) for level in levels]
    layers = writable_layers(model)
    weights = _weights(layers)
    pristine = {name: weight.clone() for name, weight in weights.items()}
    try:
        for pruning in _prunings(layers, pristine, levels, method, seed, keep_masks):
            recomputed.confirm(model, layers)
            yield pruning
    finally:
        for name, weight in weights.items():
            weight.copy_(pristine[name])


def writable_layers(model: nn.Module) -> tuple[Layer, ...]:
    """The layers of `prunable_layers`, each used by the model as it is written.

    Raises:
        InputError: as `prunable_layers`, a hook that writes the weight before each pass, or float8
            weights with scales.
    """
    layers = tuple(prunable_layers(model))
    recomputed.check_hooks(model, layers)
    float8.check_scales(model, layers)
    return layers


def sparsity_of(model: nn.Module) -> tuple[float, float]:
    """Fraction of exact zeros, 0 to 1: (of the prunable weights, of all parameters).

    These are two different numbers: the embeddings and norms stay dense, so that RoBERTa-base at
    99 % of its prunable weights has zeros in only about two thirds of the model.

    Raises:
        InputError: nothing to prune, or weights without values (on the device "meta").
    """
    layers = prunable_layers(model)
    prunable = [layer.weight for layer in layers]
    everything = distinct(model)

    for layer in layers:
        check_values(layer.name, layer.weight)

    def share(tensors: list) -> float:
        count = sum(t.numel() for t in tensors)
        return sum(t.numel() - float8.nonzero(t) for t in tensors) / count

    return share(prunable), share(everything)


def _weights(layers: Sequence[Layer]) -> dict[str, torch.Tensor]:
    return {layer.name: layer.weight.detach() for layer in layers}


def _prunings(
    layers: tuple[Layer, ...],
    sources: dict[str, torch.Tensor],
    levels: Sequence[float],
    method: str,
    seed: int,
    keep_masks: bool,
) -> Iterator[Pruning]:
    """Write the `sources` into the weights of `layers`, pruned to each level in turn.

    A source may be the weight itself: it is then pruned in place, and to one level.
    """
    selection = Selection(method, sources, levels, seed)
    for level, rules in zip(levels, selection.rules, strict=True):
        masks = {} if keep_masks else None
        with threads.team() as team:
            places = None if keep_masks else _memory(layers, sources, selection)
            if places is not None:
                dropped = drop(places, rules, selection.format, team)
            else:
                dropped = []
                for layer, (name, bits), rule in zip(
                    layers, selection.scores(), rules, strict=True
                ):
                    kept = np.empty(len(bits), np.bool_)
                    dropped += drop([(bits, kept)], [rule], selection.format, team)
                    mask = _write(layer.weight.detach(), sources[name], kept)
                    if masks is not None:
                        masks[name] = mask
        yield Pruning(method, float(level), layers, tuple(dropped), masks)


def _memory(
    layers: tuple[Layer, ...], sources: dict[str, torch.Tensor], selection: Selection
) -> list[tuple[np.ndarray, np.ndarray]] | None:
    """For each layer the scores and the memory of its weight, as bit patterns.

    None unless the scores of all are their sources' own bits, and all lie in plain memory.
    """
    import torch

    places = []
    for layer, (name, bits) in zip(layers, selection.scores(), strict=True):
        weight, source = layer.weight.detach(), sources[name]
        if bits.ctypes.data != source.data_ptr() or not weight.is_contiguous():
            return None
        own = weight.data_ptr() == source.data_ptr()
        integers = getattr(torch, f"int{8 * weight.itemsize}")
        flat = bits if own else weight.reshape(-1).view(integers).numpy().view(bits.dtype)
        places.append((bits, flat))
    for layer in layers:
        torch.autograd.graph.increment_version(layer.weight)  # changed behind torch's back
    return places


def _write(weight: torch.Tensor, source: torch.Tensor, kept: np.ndarray) -> torch.Tensor:
    """Write the source into the weight, zero where it is not kept; returns the mask."""
    import torch

    mask = torch.from_numpy(kept).view(weight.shape).to(weight.device)
    if weight.data_ptr() != source.data_ptr():
        weight.copy_(source)
    float8.set_zero(weight, ~mask)
    return mask
