"""The exercise `criteria.sparsegpt`: SparseGPT for one layer, by blocks of columns.

Its text promises weights of any strides, one output or none, any sparsity from 0 to 1, blocks of
one column, as wide as the layer, wider, and of widths that do not divide that of the layer; factors
far from singular, scores that are equal or lie apart.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.criteria import spd, zeros
from labkit.checks.criteria.sparsegpt_answers import MISTAKES, right, run
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor

RTOL = 5e-5  # float32 comes ten times as near, half precision does not


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
        return compared(arguments, note, shown)

    def compared(arguments: tuple, note: str, shown: str) -> Case:
        expected = right(*arguments)
        look = zeros.written(
            expected == 0, float(arguments[0].abs().max() if expected.numel() else 0)
        )
        # atol 0: what is zero by contract has to be exactly zero.
        return Case(arguments, expected, note, RTOL, 0.0, shown, look)

    def drawn(
        rows: int, width: int, s: float, block: int, spread: float = 1.5
    ) -> "tuple[Tensor, Tensor, float, int]":
        """A layer on which rounding decides neither a mask nor what a weight becomes."""
        for _ in range(500):
            weight = draws.weights(rows, width)
            inverse = torch.linalg.inv(draws.hessian(width, spread))
            factor = torch.linalg.cholesky(inverse, upper=True).float()
            gaps: list[float] = []
            new = run(weight.float(), factor, s, block, gaps=gaps)
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
        return compared(arguments, "not contiguous", shown)

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
    mistakes=MISTAKES,
)
