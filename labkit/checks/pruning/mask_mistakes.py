"""What goes wrong with masks by magnitude, as the masks that someone who thinks so would give."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.checks.engine.judge import Mistake
from labkit.checks.engine.mask_cases import Masks, drop_lowest, right, scores, split
from labkit.checks.pruning.count_mistakes import COUNT_MISTAKES

if TYPE_CHECKING:
    from torch import Tensor


def _at_rank(values: "Tensor", rank: int) -> float:
    """The value at `rank` (1 = lowest); minus infinity for 0, infinity beyond the last."""
    if rank < 1:
        return -math.inf
    return math.inf if rank > values.numel() else float(values.sort().values[rank - 1])


def _inverted(weights: Masks, sparsity: float) -> Masks:
    return {name: ~mask for name, mask in right(weights, sparsity).items()}


def _threshold(offset: int, strict: bool) -> Callable[..., Masks]:
    """Keep what is above (or at) the value of rank k + offset, as a comparison does."""

    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights)
        limit = _at_rank(values, round(sparsity * values.numel()) + offset)
        return split(values > limit if strict else values >= limit, weights)

    return masks


def _threshold_always(index: Callable[[int], int]) -> Callable[..., Masks]:
    """Keep what is above a weight, also where no weight is to be pruned: then `index` says which.

    Sorted values at k - 1 give the largest for k = 0, as -1 counts from the end.
    """

    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights)
        k = round(sparsity * values.numel())
        limit = values.sort().values[index(k)] if values.numel() else 0.0
        return split(values > limit, weights)

    return masks


def _quantile(strict: bool) -> Callable[..., Masks]:
    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights)
        limit = values.quantile(sparsity) if values.numel() else 0.0
        return split(values > limit if strict else values >= limit, weights)

    return masks


def _last_first(weights: Masks, sparsity: float) -> Masks:
    values = scores(weights)
    return split(
        drop_lowest(values.flip(0), round(sparsity * values.numel())).flip(0),
        weights,
    )


def _own_order(drop: "Callable[[Tensor, int], Tensor]") -> Callable[..., Masks]:
    """Ties in the order in which torch leaves them, which depends on the dtype too.

    `drop` gets |w| in the dtype of the weights and the number of zeros, and gives their places.
    """

    def masks(weights: Masks, sparsity: float) -> Masks:
        import torch

        parts = [weight.abs().flatten() for weight in weights.values()]
        sizes = torch.cat(parts) if parts else torch.zeros(0)
        keep = torch.ones(sizes.numel(), dtype=torch.bool)
        keep[drop(sizes, round(sparsity * sizes.numel()))] = False
        return split(keep, weights)

    return masks


def _index_cut_off(weights: Masks, sparsity: float) -> Masks:
    """Keep what is at or above the sorted value at k, or the last one where there is none at k."""
    values = scores(weights)
    if not values.numel():
        return right(weights, sparsity)
    k = min(round(sparsity * values.numel()), values.numel() - 1)
    return split(values >= values.sort().values[k], weights)


def _largest_first(weights: Masks, sparsity: float) -> Masks:
    values = scores(weights)
    return split(drop_lowest(-values, round(sparsity * values.numel())), weights)


def _rows(weights: Masks, sparsity: float) -> Masks:
    import torch

    result = {}
    for name, weight in weights.items():
        rows = weight.reshape(-1, weight.shape[-1]) if weight.numel() else weight.reshape(0, 1)
        parts = [right({"": row}, sparsity)[""] for row in rows]
        result[name] = (torch.stack(parts) if parts else rows.bool()).reshape(weight.shape)
    return result


MISTAKES = (
    Mistake(
        "signed compare",
        "it ranks w instead of |w|, so large negative weights go first",
        lambda weights, sparsity: split(
            drop_lowest(scores(weights, signed=True), round(sparsity * scores(weights).numel())),
            weights,
        ),
    ),
    Mistake(
        "kept and pruned swapped",
        "a mask is True where a weight is kept",
        _inverted,
    ),
    *COUNT_MISTAKES,
    Mistake(
        "threshold with ties",
        "comparing with > prunes every weight as large as the threshold, more than asked for",
        _threshold(0, strict=True),
    ),
    Mistake(
        "threshold with ties",
        "comparing with >= keeps every weight as large as the threshold, more than asked for",
        _threshold(1, strict=False),
    ),
    *(
        Mistake(
            "threshold with ties",
            "comparing with > prunes every weight as large as the threshold, more than asked for; "
            "and where nothing is to be pruned there is no threshold",
            _threshold_always(index),
        )
        for index in (lambda k: k - 1, lambda k: max(k - 1, 0))
    ),
    Mistake(
        "threshold with ties",
        "comparing with >= keeps every weight as large as the threshold, more than asked for; and "
        "where all are to go, min(k, n - 1) keeps one",
        _index_cut_off,
    ),
    Mistake(
        "off by one",
        "the k-th smallest weight itself is to be pruned, and >= keeps it",
        _threshold(0, strict=False),
    ),
    *(
        Mistake(
            "quantile as threshold",
            "a quantile lies at a weight or between two and gives no exact count",
            _quantile(strict),
        )
        for strict in (True, False)
    ),
    Mistake(
        "ties from the end",
        "of equal |w| the lower index is pruned first; topk and an unstable sort promise no order",
        _last_first,
    ),
    *(
        Mistake(
            "ties in no order",
            "of equal |w| the lower index is pruned first; topk, and argsort or sort without "
            "stable=True, promise no order",
            _own_order(drop),
        )
        for drop in (
            lambda sizes, k: sizes.argsort()[:k],
            lambda sizes, k: sizes.topk(k, largest=False).indices,
            lambda sizes, k: sizes.argsort(descending=True)[sizes.numel() - k :],
        )
    ),
    Mistake(
        "the largest pruned",
        "the weights with the smallest |w| are pruned, and the largest are kept",
        _largest_first,
    ),
    Mistake(
        "each row on its own",
        "the sparsity is that of the tensor, not of each row",
        _rows,
    ),
    Mistake(
        "no mask",
        "a mask says by True and False which weights are kept; it does not hold the weights",
        error="not of 0 and 1",
    ),
    Mistake(
        "k = 0",
        "at sparsity 0 there is no k-th smallest weight to ask for",
        error="k out of range",
    ),
    Mistake(
        "view() of a transposed tensor",
        "view() needs contiguous memory; reshape() and flatten() do not",
        error="view size is not compatible",
    ),
    Mistake(
        "numpy has no bfloat16",
        "convert with .float() before .numpy()",
        error="unsupported ScalarType BFloat16",
    ),
)


def alone(masked: Callable[..., Masks]) -> Callable[..., Masks]:
    """Each tensor masked on its own."""

    def masks(weights: Masks, sparsity: float) -> Masks:
        return {name: masked({name: weight}, sparsity)[name] for name, weight in weights.items()}

    return masks


def _mean_threshold(weights: Masks, sparsity: float) -> Masks:
    """Keep |w| above the mean of the layers' own thresholds (layers without one left out)."""
    limits = [
        float(values.sort().values[rank - 1])
        for values in (scores({"": weight}) for weight in weights.values())
        if (rank := round(sparsity * values.numel()))
    ]
    limit = sum(limits) / len(limits) if limits else -1.0
    return split(scores(weights) > limit, weights)


SAME_FRACTION = Mistake(
    "same fraction in each layer",
    "each layer was pruned on its own; a global threshold lets layers differ",
    alone(right),
)
AVERAGED = Mistake(
    "averaged thresholds",
    "the mean of the layers' thresholds is not the threshold of all weights together",
    _mean_threshold,
)
