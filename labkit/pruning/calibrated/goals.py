"""What each layer is to be pruned to: a sparsity for all, one for each, or a pattern N:M."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.models.prunable import Layer
from labkit.pruning import nm
from labkit.pruning.masks import check_sparsity, layerwise_masks

if TYPE_CHECKING:
    import torch

PER = ("row", "layer")
Pattern = tuple[int, int]


@dataclass(frozen=True)
class Goals:
    """`levels` has the layers that are to be pruned, and the sparsity of each.

    With a `pattern` (n, m), n of every m consecutive inputs are kept.  `requested` is the sparsity
    over the layers that are to be pruned.
    """

    levels: dict[str, float]
    pattern: Pattern | None
    requested: float

    @property
    def title(self) -> str:
        """ " 2:4" where there is a pattern, for the method's name."""
        return f" {self.pattern[0]}:{self.pattern[1]}" if self.pattern else ""


def goals_of(
    layers: Sequence[Layer],
    sparsity: float | Mapping[str, float] | None,
    pattern: Pattern | None = None,
) -> Goals:
    """The goals, checked before anything is changed.

    Args:
        layers: of the model.
        sparsity: for all layers, or layer's name → its own; layers that a mapping does not name
            are not pruned.  None where there is a pattern.
        pattern: (n, m); together with a mapping, for the layers that it names.

    Raises:
        InputError: neither sparsity nor pattern, or two that differ; a sparsity outside 0 to 1; a
            name that is no layer's; inputs that do not divide into groups of m; NaN or infinity.
    """
    names = {layer.name for layer in layers}
    if pattern is not None:
        n, m = _checked(pattern)
        if isinstance(sparsity, Mapping):
            levels = dict.fromkeys(sparsity, 1 - n / m)
        elif sparsity is None or check_sparsity(sparsity) == 1 - n / m:
            levels = {layer.name: 1 - n / m for layer in layers}
        else:
            raise InputError(
                f"the pattern {n}:{m} has a sparsity of {1 - n / m:g}, and {sparsity:g} is asked "
                "for: leave the sparsity out (None)"
            )
    elif isinstance(sparsity, Mapping):
        levels = {name: check_sparsity(level) for name, level in sparsity.items()}
    elif sparsity is None:
        raise InputError("neither a sparsity nor a pattern is given: prune to what?")
    else:
        levels = {layer.name: check_sparsity(sparsity) for layer in layers}
    if unknown := sorted(set(levels) - names):
        raise InputError(
            f"a sparsity is given for {unknown[0]!r}, which is no prunable layer of the model; its "
            f"first is {layers[0].name!r}"
        )
    if not levels:
        raise InputError("the sparsities name no layer: there is nothing to prune")
    wanted = [layer for layer in layers if layer.name in levels]
    for layer in wanted:
        try:
            nm._check(layer.weight, *(pattern or (1, 1)), 0 if layer.transposed else 1)
        except InputError as error:
            raise InputError(f"{layer.name}: {error}") from None
    total = sum(layer.weight.numel() for layer in wanted)
    zeros = sum(levels[layer.name] * layer.weight.numel() for layer in wanted)
    return Goals(levels, pattern, zeros / total)


def _checked(pattern: Pattern) -> Pattern:
    try:
        n, m = pattern
    except (TypeError, ValueError):
        raise InputError(f"{pattern!r} is no pattern: give (n, m), as (2, 4)") from None
    return n, m


def check_per(per: str) -> str:
    """Return `per` if it is one of `PER`.

    Raises:
        InputError: it is not.
    """
    if per not in PER:
        raise InputError(f"per is {per!r}; scores are compared per {' or per '.join(PER)}")
    return per


def lowest(scores: torch.Tensor, level: float, per: str, pattern: Pattern | None) -> torch.Tensor:
    """Mask that drops the lowest scores: of each row, of the whole layer, or of each group.

    Exactly `round(level * columns)` of each row, or `round(level * numel)` of the layer.  Of equal
    scores the one with the lower index goes first.

    Args:
        scores: (outputs, inputs), none negative.
        level: sparsity, 0 to 1.
        per: "row" or "layer".
        pattern: (n, m) in place of both.

    Returns:
        Bool tensor of the same shape, True where the weight is kept.
    """
    import torch

    if pattern:
        return nm.nm_mask(scores, *pattern)
    if per == "layer":
        return layerwise_masks({"scores": scores.contiguous()}, level)["scores"]
    count = round(level * scores.shape[1])
    kept = torch.ones(scores.shape, dtype=torch.bool, device=scores.device)
    return kept.scatter_(1, scores.argsort(dim=1, stable=True)[:, :count], False)
