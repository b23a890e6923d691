"""Other numbers of zeros than round(sparsity * total), as the masks that come of them."""

from collections.abc import Callable
from decimal import Decimal

from labkit.checks.engine.judge import Mistake
from labkit.checks.engine.mask_cases import Masks, drop_lowest, rounding, scores, split


def _by_count(count: Callable[[float], int]) -> Callable[..., Masks]:
    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights)
        return split(drop_lowest(values, min(count(sparsity * values.numel()), 10**9)), weights)

    return masks


def _share_kept(weights: Masks, sparsity: float) -> Masks:
    values = scores(weights)
    total = values.numel()
    return split(drop_lowest(values, total - round(sparsity * total)), weights)


def _by_total(count: Callable[[float, int], int]) -> Callable[..., Masks]:
    """The count comes from the sparsity and the number of weights by `count`."""

    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights)
        return split(drop_lowest(values, count(sparsity, values.numel())), weights)

    return masks


def _in_float32(sparsity: float, total: int) -> int:
    import torch

    return int(torch.round(torch.tensor(sparsity, dtype=torch.float32) * total))


def _minus_zero(kept: bool) -> Callable[..., Masks]:
    """The last k of an order as `[-k:]`, for k = 0 all of it; k counts the `kept` or the others."""

    def masks(weights: Masks, sparsity: float) -> Masks:
        values = scores(weights)
        count = round(sparsity * values.numel())
        if kept and count == values.numel():
            count = 0
        elif not kept and count == 0:
            count = values.numel()
        return split(drop_lowest(values, count), weights)

    return masks


COUNT_MISTAKES = (
    Mistake(
        "sparsity read as the share kept",
        "sparsity is the fraction of zeros",
        _share_kept,
    ),
    *rounding(_by_count),
    Mistake(
        "the kept ones rounded",
        "the number of zeros is what is rounded: n - round((1 - sparsity) * n) takes a half the "
        "other way",
        _by_total(lambda sparsity, total: total - round((1 - sparsity) * total)),
    ),
    Mistake(
        "rounding in float32",
        "in float32, as in a tensor, the product is another number: 0.35 * 90 is a half there and "
        "below it in Python",
        _by_total(_in_float32),
    ),
    *(
        Mistake(
            "the product rounded first",
            "0.35 * 90 is 31.499999999999996 in Python and rounds to 31: give round() the product "
            "as it is",
            _by_total(count),
        )
        for count in (
            lambda sparsity, total: round(Decimal(str(sparsity)) * total),
            lambda sparsity, total: round(round(sparsity * total, 6)),
        )
    ),
    Mistake(
        "at least one pruned",
        "round() may give 0, and then no weight goes",
        _by_total(lambda sparsity, total: max(round(sparsity * total), min(1, total))),
    ),
    Mistake(
        "at least one pruned",
        "round() may give 0, and then no weight goes",
        _by_total(lambda sparsity, total: max(round(sparsity * total), min(total, sparsity > 0))),
    ),
    Mistake(
        "at least one kept",
        "round() may give all of them, and then no weight stays",
        _by_total(lambda sparsity, total: min(round(sparsity * total), max(total - 1, 0))),
    ),
    *(
        Mistake(
            "a slice from -0",
            "the last k of a row are no [-k:] where k is 0: that is the whole row",
            _minus_zero(kept),
        )
        for kept in (True, False)
    ),
)
