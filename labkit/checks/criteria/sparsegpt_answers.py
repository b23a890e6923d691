"""Right and wrong answers to the exercise `criteria.sparsegpt`."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.checks.criteria import zeros
from labkit.checks.engine.judge import Mistake
from labkit.checks.engine.mask_cases import drop_lowest, rounding

if TYPE_CHECKING:
    from torch import Tensor

Answer = Callable[["Tensor", "Tensor", float, int], "Tensor"]


def _of_block(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    """Mask of a block: False at the lowest scores of all its rows together."""
    flat = scores.flatten()
    return drop_lowest(flat, count(sparsity * flat.numel())).reshape(scores.shape)


def _of_row(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    import torch

    rows = [drop_lowest(row, count(sparsity * len(row))) for row in scores]
    return torch.stack(rows) if rows else torch.ones(scores.shape, dtype=torch.bool)


def run(
    weight: "Tensor",
    factor: "Tensor",
    sparsity: float,
    block: int,
    *,
    score: "Callable[[Tensor, Tensor], Tensor]" = lambda w, d: w**2 / d**2,
    mask: Callable = _of_block,
    count: Callable[[float], int] = round,
    error: "Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]" = lambda w, kept, d, old: (
        w * ~kept / d
    ),
    reach: "Callable[[int, int], int]" = lambda end, width: width,
    start: "Callable[[int, int], int]" = lambda at, end: at + 1,
    early: bool = False,
    sign: float = -1.0,
    gaps: list | None = None,
) -> "Tensor":
    """SparseGPT column by column in float64; each argument after `block` makes it a mistake.

    `early` chooses all masks from the weights as they came; `reach` says up to which column an
    error is made up for, `start` from which on.  `gaps` collects how far apart the scores lie that
    decide: a ratio for each block.
    """
    import torch

    w, u = weight.double().clone(), factor.double()
    old, width, d = weight.double(), weight.shape[1], factor.double().diag()
    for begin in range(0, width, block):
        end = min(begin + block, width)
        part = slice(begin, end)
        scores = score((old if early else w)[:, part], d[part])
        kept = mask(scores, sparsity, count)
        if gaps is not None and scores.numel():
            ranked, gone = scores.flatten().sort().values, count(sparsity * scores.numel())
            if 0 < gone < len(ranked):
                gaps.append(float(ranked[gone] / ranked[gone - 1].clamp(min=1e-300)))
        for at in range(begin, end):
            keep = kept[:, at - begin]
            wrong = error(w[:, at], keep, d[at], old[:, at])
            w[:, at] = torch.where(keep, w[:, at], 0.0)
            first, last = start(at, end), reach(end, width)
            w[:, first:last] += sign * wrong[:, None] * u[at, first:last]
    return w.float()


def right(weight: "Tensor", factor: "Tensor", sparsity: float, block: int) -> "Tensor":
    """The pruned weight, float32."""
    return run(weight, factor, sparsity, block)


def _mistaken(**changes: object) -> Answer:
    return lambda *arguments: run(*arguments, **changes)


def _fixed_block(weight: "Tensor", factor: "Tensor", sparsity: float, block: int) -> "Tensor":
    return run(weight, factor, sparsity, max(weight.shape[1], 1))


def _by_columns(weight: "Tensor", factor: "Tensor", sparsity: float, block: int) -> "Tensor":
    return run(weight, factor, sparsity, 1)


def _last_left(weight: "Tensor", factor: "Tensor", sparsity: float, block: int) -> "Tensor":
    """Columns beyond the last whole block are not pruned, only changed."""
    width = weight.shape[1] // block * block
    whole = run(weight, factor, sparsity, block)
    if width == 0:
        return weight.float().clone()
    import torch

    part = run(weight[:, :width], factor[:width, :width], sparsity, block).double()
    # What the columns before them left: solve the errors again.
    w, u = weight.double().clone(), factor.double()
    for at in range(width):
        wrong = (w[:, at] * (part[:, at] == 0) / u[at, at])[:, None]
        w[:, at] = torch.where(part[:, at] == 0, 0.0, w[:, at])
        w[:, at + 1 :] -= wrong * u[at, at + 1 :]
    return torch.cat([whole.double()[:, :width], w[:, width:]], dim=1).float()


def _swapped(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    return ~_of_block(scores, 1 - sparsity, count)


def _kept_share(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    flat = scores.flatten()
    gone = flat.numel() - count(sparsity * flat.numel())
    return drop_lowest(flat, gone).reshape(scores.shape)


def _later(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    return _of_block(scores.flip(0).flip(1), sparsity, count).flip(0).flip(1)


def _up_to_threshold(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    """All scores as low as the last one to go."""
    gone = count(sparsity * scores.numel())
    if gone == 0:
        return scores == scores
    return scores > scores.flatten().sort().values[gone - 1]


def _columns_first(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    return _of_block(scores.t(), sparsity, count).t()


_STILL = (
    "a pruned weight leaves an error behind, which the columns to its right make up for, by row i "
    "of the upper factor (its column i is 0 there)"
)

MISTAKES = (
    zeros.LEFT,
    Mistake(
        "threshold with ties",
        "comparing with a threshold takes all scores of that value, another number of zeros: sort "
        "stably, and take exactly as many",
        _mistaken(mask=_up_to_threshold),
    ),
    Mistake("nothing made up for", _STILL, _mistaken(reach=lambda end, width: 0)),
    Mistake(
        "made up for within the block only",
        "the columns of later blocks change too, before their masks are chosen",
        _mistaken(reach=lambda end, width: end),
    ),
    Mistake(
        "made up for in later blocks only",
        "the columns to the right within the block change too, one column after the other",
        _mistaken(start=lambda at, end: end),
    ),
    Mistake(
        "all masks chosen at the start",
        "when a block is reached its weights have changed: choose its mask then",
        _mistaken(early=True),
    ),
    Mistake(
        "the whole layer one block",
        "a mask is chosen for each block, when it is reached",
        _fixed_block,
    ),
    Mistake(
        "a mask for each column",
        "a mask is chosen for all columns of a block together",
        _by_columns,
    ),
    Mistake(
        "each row on its own",
        "the scores of a block are ranked over all its rows: a row may lose more than another",
        _mistaken(mask=_of_row),
    ),
    Mistake(
        "plain magnitude",
        "the score is w^2 over the squared diagonal of the factor",
        _mistaken(score=lambda w, d: w.abs()),
    ),
    Mistake(
        "w^2 over the diagonal",
        "the score is w^2 over the square of the factor's diagonal: the diagonal of the inverse "
        "of what is left is that square",
        _mistaken(score=lambda w, d: w**2 / d),
    ),
    Mistake(
        "multiplied by the diagonal",
        "a large diagonal says that others can stand in: divide by it",
        _mistaken(score=lambda w, d: w**2 * d**2),
    ),
    Mistake(
        "signed score",
        "the score is w^2 over the squared diagonal, whatever the sign of w",
        _mistaken(score=lambda w, d: w / d),
    ),
    Mistake(
        "error not divided",
        "the error of a column is what was removed over the factor's diagonal",
        _mistaken(error=lambda w, kept, d, old: w * ~kept),
    ),
    Mistake(
        "error divided by the square",
        "the error of a column is what was removed over the factor's diagonal, not its square",
        _mistaken(error=lambda w, kept, d, old: w * ~kept / d**2),
    ),
    Mistake(
        "kept weights leave an error",
        "only what was removed is made up for: at kept weights the error is 0",
        _mistaken(error=lambda w, kept, d, old: w / d),
    ),
    Mistake(
        "error of the old weights",
        "a column has changed when it is its turn: what is removed is its present value",
        _mistaken(error=lambda w, kept, d, old: old * ~kept / d),
    ),
    Mistake(
        "error added",
        "the error is subtracted from the columns to the right",
        _mistaken(sign=1.0),
    ),
    Mistake(
        "last columns left out",
        "the last block may be narrower: it is pruned too",
        _last_left,
    ),
    Mistake(
        "kept and pruned swapped",
        "those with the lowest scores go",
        _mistaken(mask=_swapped),
    ),
    Mistake(
        "sparsity read as the share kept",
        "sparsity is the fraction of zeros",
        _mistaken(mask=_kept_share),
    ),
    *rounding(lambda count: _mistaken(count=count)),
    *(
        Mistake(
            "equal scores in another order",
            "of equal scores the one in the lower row goes first, in one row that in the lower "
            "column",
            _mistaken(mask=mask),
        )
        for mask in (_later, _columns_first)
    ),
)
