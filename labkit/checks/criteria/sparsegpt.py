"""The exercise `criteria.sparsegpt`: SparseGPT for one layer, by blocks of columns.

Its text promises weights of any strides, one output or none, any sparsity from 0 to 1, blocks of
one column, as wide as the layer, wider, and of widths that do not divide that of the layer; factors
far from singular, scores that are equal or lie apart.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.criteria import spd
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.mask_cases import drop_lowest, rounding
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor

RTOL = 5e-5  # float32 comes ten times as near, half precision does not
Answer = Callable[["Tensor", "Tensor", float, int], "Tensor"]


def _of_block(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    """Mask of a block: False at the lowest scores of all its rows together."""
    flat = scores.flatten()
    return drop_lowest(flat, count(sparsity * flat.numel())).reshape(scores.shape)


def _of_row(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    import torch

    rows = [drop_lowest(row, count(sparsity * len(row))) for row in scores]
    return torch.stack(rows) if rows else torch.ones(scores.shape, dtype=torch.bool)


def _run(
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


def _right(weight: "Tensor", factor: "Tensor", sparsity: float, block: int) -> "Tensor":
    return _run(weight, factor, sparsity, block)


def _mistaken(**changes: object) -> Answer:
    return lambda *arguments: _run(*arguments, **changes)


def _fixed_block(weight: "Tensor", factor: "Tensor", sparsity: float, block: int) -> "Tensor":
    return _run(weight, factor, sparsity, max(weight.shape[1], 1))


def _by_columns(weight: "Tensor", factor: "Tensor", sparsity: float, block: int) -> "Tensor":
    return _run(weight, factor, sparsity, 1)


def _last_left(weight: "Tensor", factor: "Tensor", sparsity: float, block: int) -> "Tensor":
    """Columns beyond the last whole block are not pruned, only changed."""
    width = weight.shape[1] // block * block
    whole = _run(weight, factor, sparsity, block)
    if width == 0:
        return weight.float().clone()
    import torch

    part = _run(weight[:, :width], factor[:width, :width], sparsity, block).double()
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


def _columns_first(scores: "Tensor", sparsity: float, count: Callable[[float], int]) -> "Tensor":
    return _of_block(scores.t(), sparsity, count).t()


_STILL = (
    "a pruned weight leaves an error behind, which the columns to its right make up for, by row i "
    "of the upper factor (its column i is 0 there)"
)

_MISTAKES = (
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


def _cases(draw: Random) -> Groups:
    """Inputs of `sparsegpt(weight, factor, sparsity, block)`."""
    import torch

    draws = spd.Draws(draw)

    def case(weight: "Tensor", factor: "Tensor", s: float, block: int, note: str = "") -> Case:
        arguments = (weight.float(), factor.float(), s, block)
        shown = (
            f"weight of shape {tuple(weight.shape)}, factor of shape {tuple(factor.shape)}, "
            f"{s:g}, {block}"
        )
        # atol 0: what is zero by contract has to be exactly zero.
        return Case(arguments, _right(*arguments), note, rtol=RTOL, atol=0.0, shown=shown)

    def drawn(
        rows: int, width: int, s: float, block: int, spread: float = 1.5
    ) -> "tuple[Tensor, Tensor, float, int]":
        """A layer on which rounding decides neither a mask nor what a weight becomes."""
        for _ in range(500):
            weight = draws.weights(rows, width)
            inverse = torch.linalg.inv(draws.hessian(width, spread))
            factor = torch.linalg.cholesky(inverse, upper=True).float()
            gaps: list[float] = []
            new = _run(weight.float(), factor, s, block, gaps=gaps)
            left = new[new != 0].abs()
            if min(gaps, default=2.0) > 1.01 and (not len(left) or left.min() > 0.02):
                return weight, factor, s, block
        raise AssertionError("no layer found")

    def tied(rows: int, width: int, s: float, block: int) -> "tuple[Tensor, Tensor, float, int]":
        """A diagonal factor: nothing moves, and equal scores are so to the last bit."""
        weight = [draw.choice((-1, 1)) * draw.randint(1, 3) / 4 for _ in range(rows * width)]
        weight = torch.tensor(weight).reshape(rows, width)
        diagonal = torch.tensor([draw.choice((0.5, 1.0, 2.0)) for _ in range(width)])
        return weight * diagonal, diagonal.diag(), s, block

    def strided() -> Case:
        weight, factor, s, block = drawn(4, 6, 0.5, 3)
        weight = weight.float().t().contiguous().t()
        wide = torch.zeros(6, 12)
        wide[:, ::2] = factor
        arguments = (weight, wide[:, ::2], s, block)
        shown = f"weight of shape (4, 6), factor of shape (6, 6), {s:g}, {block}"
        expected = _right(*arguments)
        return Case(arguments, expected, "not contiguous", rtol=RTOL, atol=0.0, shown=shown)

    return {
        "one block": [
            case(*drawn(3, 4, 0.5, 4)),
            case(*drawn(4, 6, 0.5, 6, 2.5)),
            case(*drawn(5, 5, 0.4, 5)),
            case(*drawn(6, 4, 0.75, 4, 2.5)),
        ],
        "blocks of columns": [
            case(*drawn(4, 8, 0.5, 4)),
            case(*drawn(3, 9, 0.5, 3)),
            case(*drawn(4, 8, 0.25, 2)),
            case(*drawn(6, 6, 0.5, 1), "blocks of one column"),
        ],
        "widths that no block divides": [
            case(*drawn(4, 7, 0.5, 3)),
            case(*drawn(3, 10, 0.4, 4)),
            case(*drawn(4, 5, 0.5, 8), "a block wider than the layer"),
        ],
        "exact counts, ties by index": [
            case(*drawn(3, 5, 0.5, 3), "4.5 and 3 zeros"),
            case(*drawn(1, 5, 0.5, 5), "2.5 zeros"),
            case(*drawn(1, 7, 0.5, 7), "3.5 zeros"),
            case(*drawn(5, 11, 0.6, 11)),
            case(*drawn(10, 10, 0.29, 10)),
            case(*drawn(2, 5, 0.25000001, 5), "2.5000001 zeros, so 3"),
            case(*tied(4, 8, 0.5, 4), "ties"),
            case(*tied(6, 9, 0.3, 4), "ties"),
            case(*tied(8, 16, 0.6, 16), "ties"),
        ],
        "extremes and strides": [
            case(*drawn(4, 6, 0.0, 3), "nothing pruned"),
            case(*drawn(4, 6, 1.0, 4), "all pruned"),
            case(*drawn(1, 1, 0.4, 1), "one weight, kept"),
            case(*drawn(1, 6, 0.5, 3), "one output"),
            case(torch.zeros(0, 6), drawn(2, 6, 0.5, 3)[1], 0.5, 3, "no outputs"),
            strided(),
        ],
    }


TASK = Exercise(
    id="criteria.sparsegpt",
    title="SparseGPT by blocks",
    points=8,
    minutes=40,
    difficulty=3,
    objective="Prune a layer column by column, and let the columns to come make up for it.",
    function="sparsegpt",
    cases=_cases,
    mistakes=_MISTAKES,
)
