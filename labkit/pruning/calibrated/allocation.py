"""How sparse each layer becomes, where all of them together have a budget.

An allocation is a dict, layer's name → sparsity, that `prune_wanda`, `prune_sparsegpt` and
`prune_layerwise` take.  What they set to zero adds up to `round(sparsity * weights)` exactly
(Wanda, which counts in rows, comes within half a weight of it for each row).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import floor, isfinite
from typing import TYPE_CHECKING

from labkit.errors import InputError
from labkit.pruning.calibrated.block_parts import PARTS, part_of
from labkit.pruning.masks import check_sparsity, global_masks

if TYPE_CHECKING:
    from labkit.models.prunable import Layer

WIDTH = 0.08
"""How far a layer may lie from the mean, as Yin et al. take it for Llama (their λ)."""


def allocate_uniformly(layers: Sequence[Layer], sparsity: float) -> dict[str, float]:
    """The same sparsity for each layer, but for what rounding to whole weights asks.

    Args:
        layers: all of `prunable_layers(model)`, or those that are to be pruned (`part_of`).
        sparsity: of all of them together, 0 to 1.

    Raises:
        InputError: no layers, or a sparsity outside 0 to 1.
    """
    return _whole(layers, [check_sparsity(sparsity)] * len(layers), sparsity)


def allocate_by_part(layers: Sequence[Layer], levels: Mapping[str, float]) -> dict[str, float]:
    """A sparsity for each part of the blocks: attention, feed-forward, experts (`part_of`).

    Args:
        layers: as for `allocate_uniformly`; those of parts that are not named are left out.
        levels: part → sparsity of all its layers together, 0 to 1; one of `PARTS` each.

    Example:
        >>> levels = {"attention": 0.3, "feed-forward": 0.7}
        >>> prune_wanda(model, sequences, allocate_by_part(prunable_layers(model), levels))

    Raises:
        InputError: no parts, a name that is none of `PARTS`, a part that the layers have not, or a
            sparsity outside 0 to 1.
    """
    groups: dict[str, list[Layer]] = {}
    for layer in layers:
        groups.setdefault(part_of(layer), []).append(layer)
    if not levels:
        raise InputError(f"no part is named; the layers have {', '.join(groups)}")
    found: dict[str, float] = {}
    for part, level in levels.items():
        if part not in PARTS:
            raise InputError(f"{part!r} is no part of a block: choose from {', '.join(PARTS)}")
        if part not in groups:
            raise InputError(f"there is no {part} among the layers, only {', '.join(groups)}")
        found |= allocate_uniformly(groups[part], level)
    return {layer.name: found[layer.name] for layer in layers if layer.name in found}


def allocate_by_magnitude(layers: Sequence[Layer], sparsity: float) -> dict[str, float]:
    """What global magnitude pruning takes from each layer; arguments as `allocate_uniformly`.

    Raises:
        InputError: also NaN or infinite weights.
    """
    masks = global_masks({layer.name: layer.weight for layer in layers}, sparsity)
    return {
        name: (mask.numel() - int(mask.sum())) / max(1, mask.numel())
        for name, mask in masks.items()
    }


def allocate(
    layers: Sequence[Layer],
    importance: Mapping[str, float],
    sparsity: float,
    *,
    width: float = WIDTH,
) -> dict[str, float]:
    """Less sparsity for layers of more importance (OWL: Yin et al. 2024, arXiv 2310.05175).

    The importances are scaled to a range of 2 · `width`; each layer's sparsity falls by as much as
    its own lies above their mean, weighted by the layers' sizes.  Where that leaves 0 to 1, the
    others make up for it.

    Args:
        layers: as for `allocate_uniformly`.
        importance: layer's name → any finite number: the share of outliers in its block
            (`block_outliers`, as OWL has it) or what pruning it alone costs (`sensitivities`).
        sparsity: of all layers together, 0 to 1.
        width: half of the distance between the sparsest and the densest layer, 0 to 1.

    Raises:
        InputError: no layers, a layer without importance or with one that is no finite number, a
            width or sparsity outside 0 to 1.
    """
    check_sparsity(sparsity)
    if not 0 <= width <= 1:
        raise InputError(f"width is {width!r}; it is a sparsity, 0 to 1")
    given = []
    for layer in layers:
        value = importance.get(layer.name)
        if value is None or not isfinite(value):
            raise InputError(
                f"the importance of {layer.name} is {value}; a finite number is needed"
            )
        given.append(float(value))
    low, high = min(given, default=0.0), max(given, default=0.0)
    # Halves: the distance of the largest numbers is infinite.
    span = high / 2 - low / 2
    lifts = [2 * width * ((x / 2 - low / 2) / span) if span else 0.0 for x in given]
    return _whole(layers, _shifted(layers, lifts, sparsity), sparsity)


def _shifted(layers: Sequence[Layer], lifts: Sequence[float], sparsity: float) -> list[float]:
    """Sparsities c - lift within 0 to 1, with the c that meets the budget."""
    sizes = [layer.weight.numel() for layer in layers]
    budget = sparsity * sum(sizes)

    def at(shift: float) -> list[float]:
        return [min(1.0, max(0.0, shift - lift)) for lift in lifts]

    low, high = 0.0, 1.0 + max(lifts, default=0.0)
    for _ in range(100):  # the sum grows with the shift: halve until floats do not tell more
        middle = (low + high) / 2
        found = sum(size * level for size, level in zip(sizes, at(middle), strict=True))
        low, high = (middle, high) if found < budget else (low, middle)
    return at(high)


def _whole(layers: Sequence[Layer], levels: Sequence[float], sparsity: float) -> dict[str, float]:
    """Rounded to whole weights such that they add up: the largest remainders are rounded up."""
    sizes = [layer.weight.numel() for layer in layers]
    if not sum(sizes):
        raise InputError("there are no layers to give a sparsity to")
    counts = [min(size, floor(level * size)) for size, level in zip(sizes, levels, strict=True)]
    missing = round(sparsity * sum(sizes)) - sum(counts)
    remainders = [levels[i] * sizes[i] - counts[i] for i in range(len(sizes))]
    order = sorted(range(len(sizes)), key=lambda i: -remainders[i])
    step = 1 if missing > 0 else -1
    while missing:
        for i in order[::step] if missing else ():
            if missing and 0 <= counts[i] + step <= sizes[i]:
                counts[i] += step
                missing -= step
    return {
        layer.name: count / size if size else 0.0
        for layer, count, size in zip(layers, counts, sizes, strict=True)
    }
