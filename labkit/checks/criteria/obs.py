"""The exercise `criteria.obs`: one step of the optimal brain surgeon, by least squares.

Its text promises rows from one weight on, any mask with a kept weight, kept weights of zero,
strides of any kind; Hessians far from singular, importances that are equal or lie apart.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.criteria import spd, zeros
from labkit.checks.criteria.obs_answers import MISTAKES, formula, right
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor

RTOL = 1e-5  # of the largest weight: float32 solves five times as well, half precision does not


def _cases(draw: Random) -> Groups:
    """Inputs of `obs_step(row, hessian, kept)`."""
    import torch

    draws = spd.Draws(draw)

    def case(row: "Tensor", hessian: "Tensor", kept: "Tensor", note: str = "") -> Case:
        row, hessian = row.float(), hessian.float()
        shown = (
            f"row of {len(row)} weights, hessian of shape {tuple(hessian.shape)}, "
            f"{int(kept.sum())} of {len(kept)} kept"
        )
        return compared((row, hessian, kept), note, shown)

    def compared(arguments: tuple, note: str, shown: str) -> Case:
        new, left = right(*arguments)
        # What is zero by contract has to be exactly zero.  A kept zero may have been solved for.
        apart = RTOL * new.abs().max() * left
        look = zeros.written(~left, float(arguments[0].abs().max()))
        return Case(arguments, (new, left), note, RTOL, apart, shown, look)

    def apart(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> bool:
        """Whether rounding decides nothing: neither the choice, nor what a weight becomes.

        Choices by other rules are others, or a mistake would not show.
        """
        inverse = torch.linalg.inv(hessian[kept][:, kept])
        rises = (row[kept] ** 2 / inverse.diag()).sort().values.tolist()
        new, left = formula()(row, hessian, kept)  # the same, and quicker than least squares
        if len(rises) > 1 and rises[1] < rises[0] * 1.02:
            return False
        return not left.any() or bool(new[left].abs().min() > 0.05)

    def drawn(width: int, pruned: int = 0, zeros: int = 0) -> "tuple[Tensor, Tensor, Tensor]":
        rules = (
            lambda w, h, g: w.abs(),
            lambda w, h, g: w**2 * h.diag(),
            lambda w, h, g: w.abs() / g.diag(),
        )
        for attempt in range(500):
            row, hessian = draws.weights(width), draws.hessian(width)
            kept = torch.ones(width, dtype=torch.bool)
            places = draw.sample(range(width), pruned + zeros)
            kept[places[:pruned]] = False
            row[places] = 0.0
            if zeros:
                return row, hessian, kept
            if not apart(row, hessian, kept):
                continue
            right = formula()(row, hessian, kept)[1]
            others = [formula(rule)(row, hessian, kept)[1] for rule in rules]
            # Small rows have little room for disagreement.
            alike = sum(torch.equal(other, right) for other in others)
            if kept.sum() < 4 or alike == 0 or (attempt > 20 and alike == 1) or attempt > 60:
                return row, hessian, kept
        raise AssertionError("no row found")

    def tied(width: int) -> "tuple[Tensor, Tensor, Tensor]":
        """A diagonal Hessian of powers of four: equal importances are so to the last bit."""
        sizes = [draw.choice((1.0, 4.0)) for _ in range(width)]
        # w^2 h is 1 for four of them, and more for the others.
        low = set(draw.sample(range(width), 4))
        row = [
            draw.choice((-1, 1)) * (1 if at in low else draw.choice((2, 3))) / size**0.5
            for at, size in enumerate(sizes)
        ]
        row = torch.tensor(row, dtype=torch.float64)
        return row, torch.tensor(sizes, dtype=torch.float64).diag(), torch.ones(width).bool()

    def remaining() -> "tuple[Tensor, Tensor, Tensor]":
        """A diagonal Hessian, on which w - w / g * g leaves a remainder in whatever order."""
        for _ in range(5000):
            row = draws.weights(5).float()
            sizes = torch.tensor([draw.uniform(1, 4) for _ in range(5)])
            low, high = (row**2 * sizes).sort()[0][:2].tolist()
            w, h = (part[(row**2 * sizes).argmin()] for part in (row, sizes))
            inverses = (1 / h, (1 / h.sqrt()).square())
            left = [w - there for g in inverses for there in (w / g * g, w * g / g)]
            if high > 1.02 * low and all(left):
                return row, sizes.diag(), torch.ones(5).bool()
        raise AssertionError("no row found")

    def strided() -> Case:
        row, hessian, kept = drawn(6, 2)
        row = torch.stack([row.float(), row.float()], dim=1)[:, 0]
        wide = torch.zeros(6, 12)
        wide[:, ::2] = hessian.float()
        kept = torch.stack([kept, ~kept], dim=1)[:, 0]
        shown = "row of 6 weights, hessian of shape (6, 6), 4 of 6 kept"
        return compared((row, wide[:, ::2], kept), "not contiguous", shown)

    return {
        "the first weight goes, the others make up for it": [
            case(*drawn(4)),
            case(*drawn(6)),
            case(*drawn(6)),
            case(*drawn(9)),
            case(*remaining(), "a diagonal Hessian"),
        ],
        "pruned weights stay out of it": [
            case(*drawn(6, 2)),
            case(*drawn(8, 4)),
            case(*drawn(9, 3)),
            case(*drawn(5, 4), "one weight left"),
        ],
        "zeros and ties": [
            case(*drawn(6, 0, 1), "a kept weight is 0"),
            case(*drawn(8, 2, 2), "two kept weights are 0"),
            case(*tied(8), "equal importances"),
            case(*tied(12), "equal importances"),
        ],
        "shapes and strides": [
            case(*drawn(1), "one weight"),
            case(*drawn(2)),
            case(*drawn(24, 6)),
            strided(),
        ],
    }


TASK = Exercise(
    id="criteria.obs",
    title="One step of the surgeon",
    points=6,
    minutes=30,
    difficulty=3,
    objective="Remove the weight that costs least, and let the others make up for it.",
    function="obs_step",
    cases=_cases,
    mistakes=MISTAKES,
)
