"""The exercise `criteria.obs`: one step of the optimal brain surgeon, by least squares.

Its text promises rows from one weight on, any mask with a kept weight, kept weights of zero,
strides of any kind; Hessians far from singular, importances that are equal or lie apart.
"""

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.criteria import spd
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor

RTOL = 5e-5  # float32 solves these systems ten times as well, half precision does not
Step = tuple["Tensor", "Tensor"]
Answer = Callable[["Tensor", "Tensor", "Tensor"], Step]


def _without(
    row: "Tensor", hessian: "Tensor", kept: "Tensor", place: int
) -> "tuple[Tensor, float]":
    """The best row without the weight at `place`, and what the error rises by: least squares.

    With H = A^T A the rise is |A (new - row)|^2 / 2; pruned weights stay zero.
    """
    import torch

    a = torch.linalg.cholesky(hessian).t()
    rest = kept.clone()
    rest[place] = False
    new = torch.zeros_like(row)
    if row[place] == 0:
        return row.clone(), 0.0
    if rest.any():
        new[rest] = torch.linalg.lstsq(a[:, rest], (a @ row)[:, None]).solution[:, 0]
    return new, float((a @ (new - row)).square().sum() / 2)


def _all(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> "list[tuple[float, int, Tensor]]":
    """For each kept place what its removal costs, the place, and the row then."""
    found = []
    for place in kept.nonzero()[:, 0].tolist():
        new, rise = _without(row, hessian, kept, place)
        found.append((rise, place, new))
    return found


def _result(new: "Tensor", kept: "Tensor", place: int) -> Step:
    left = kept.clone()
    left[place] = False
    return new.float(), left


def _right(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    found = _all(row.double(), hessian.double(), kept)
    # Least squares leave a digit or so: what is equal by contract is so to ten digits.
    least = min(rise for rise, _, _ in found)
    _, place, new = next(one for one in found if one[0] <= least * (1 + 1e-9))
    return _result(new, kept, place)


def _formula(
    importance: "Callable[[Tensor, Tensor, Tensor], Tensor]" = lambda w, h, g: w**2 / g.diag(),
    move: "Callable[[Tensor, Tensor, Tensor, int], Tensor]" = lambda w, h, g, q: (
        -w[q] / g[q, q] * g[:, q]
    ),
    whole: bool = False,
    choose: "Callable[[Tensor], Tensor]" = lambda scores: scores.argmin(),
) -> Answer:
    """The answer by the formula; each argument turns it into a mistake.

    They take the kept weights, the Hessian and its inverse; with `whole` those of all weights.
    """

    def answer(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
        import torch

        w, h = row.double(), hessian.double()
        places = torch.arange(len(w)) if whole else kept.nonzero()[:, 0]
        if whole:
            g = torch.linalg.inv(h)
            scores = importance(w, h, g).masked_fill(~kept, torch.inf)
        else:
            w, h = w[kept], h[kept][:, kept]
            g = torch.linalg.inv(h)
            scores = importance(w, h, g)
        at = int(choose(scores))
        new = row.double().clone()
        new[places] = w + move(w, h, g, at)
        new[places[at]] = 0.0
        return _result(new, kept, int(places[at]))

    return answer


def _dead_again(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    """Pruned weights are not left out of the choice: with w = 0 they cost nothing."""
    import torch

    w, g = row.double(), torch.linalg.inv(hessian.double())
    at = int((w**2 / g.diag()).argmin())
    return _result((w - w[at] / g[at, at] * g[:, at]), kept, at)


def _whole_held(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    """The step for all weights, of which those of pruned ones are then thrown away."""
    new, left = _formula(whole=True)(row, hessian, kept)
    return new * left, left


def _not_zero(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    """The weight that goes is left as it was; the others move."""
    new, left = _right(row, hessian, kept)
    gone = kept & ~left
    new[gone] = row[gone]
    return new, left


def _later(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    new, left = _right(row.flip(0), hessian.flip(0).flip(1), kept.flip(0))
    return new.flip(0), left.flip(0)


_MISTAKES = (
    Mistake(
        "the others do not move",
        "what the removed weight did is made up for by those that are left: they change too",
        _formula(move=lambda w, h, g, q: 0 * w),
    ),
    Mistake(
        "smallest magnitude removed",
        "a small weight may be dear: rank by w^2 over the diagonal of the inverse",
        _formula(importance=lambda w, h, g: w.abs()),
    ),
    Mistake(
        "smallest magnitude removed",
        "a small weight may be dear: rank by w^2 over the diagonal of the inverse",
        _formula(importance=lambda w, h, g: w.abs(), move=lambda w, h, g, q: 0 * w),
    ),
    Mistake(
        "the diagonal of H for that of its inverse",
        "w^2 times the diagonal of H is what the removal costs if nothing else may move (optimal "
        "brain damage); the surgeon divides by the diagonal of the inverse",
        _formula(importance=lambda w, h, g: w**2 * h.diag()),
    ),
    Mistake(
        "multiplied by the inverse",
        "a large entry on the diagonal of the inverse says that others can stand in: divide by it",
        _formula(importance=lambda w, h, g: w**2 * g.diag()),
    ),
    Mistake(
        "w for w^2",
        "the importance is w^2 over the diagonal of the inverse",
        _formula(importance=lambda w, h, g: w.abs() / g.diag()),
    ),
    Mistake(
        "signed importance",
        "the importance is w^2 over the diagonal of the inverse, whatever the sign of w",
        _formula(importance=lambda w, h, g: w / g.diag()),
    ),
    Mistake(
        "the most important removed",
        "the weight goes whose removal costs least",
        _formula(choose=lambda scores: scores.masked_fill(scores.isinf(), -1).argmax()),
    ),
    Mistake(
        "moved the wrong way",
        "the step subtracts: at the removed weight it has to give zero",
        _formula(move=lambda w, h, g, q: w[q] / g[q, q] * g[:, q]),
    ),
    Mistake(
        "not divided by the diagonal",
        "the column of the inverse is scaled so that the removed weight becomes zero: divide by "
        "[H^-1]_qq",
        _formula(move=lambda w, h, g, q: -w[q] * g[:, q]),
    ),
    Mistake(
        "moved along the Hessian",
        "the others move along a column of the inverse, not of the Hessian",
        _formula(move=lambda w, h, g, q: -w[q] / h[q, q] * h[:, q]),
    ),
    Mistake(
        "moved along the Hessian",
        "the others move along a column of the inverse, not of the Hessian",
        _formula(move=lambda w, h, g, q: w[q] / h[q, q] * h[:, q]),
    ),
    Mistake(
        "the removed weight not zero",
        "the removed weight is exactly 0 afterwards: write the zero, rounding leaves a rest",
        _not_zero,
    ),
    *(
        Mistake(
            "the inverse with pruned weights in it",
            "pruned weights cannot move: take rows and columns of the kept ones before you invert",
            answer,
        )
        for answer in (_formula(whole=True), _whole_held)
    ),
    Mistake(
        "a pruned weight chosen again",
        "a pruned weight is zero and costs nothing, but it is gone already: choose among the kept",
        _dead_again,
    ),
    Mistake(
        "the later of equal ones",
        "of equal importances the weight with the lower index goes",
        _later,
    ),
)


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
        arguments = (row, hessian, kept)
        # atol 0: what is zero by contract has to be exactly zero.
        return Case(arguments, _right(*arguments), note, rtol=RTOL, atol=0.0, shown=shown)

    def apart(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> bool:
        """Whether rounding decides nothing: neither the choice, nor what a weight becomes.

        Choices by other rules are others, or a mistake would not show.
        """
        inverse = torch.linalg.inv(hessian[kept][:, kept])
        rises = (row[kept] ** 2 / inverse.diag()).sort().values.tolist()
        new, left = _formula()(row, hessian, kept)  # the same, and quicker than least squares
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
            right = _formula()(row, hessian, kept)[1]
            others = [_formula(rule)(row, hessian, kept)[1] for rule in rules]
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

    def strided() -> Case:
        row, hessian, kept = drawn(6, 2)
        row = torch.stack([row.float(), row.float()], dim=1)[:, 0]
        wide = torch.zeros(6, 12)
        wide[:, ::2] = hessian.float()
        kept = torch.stack([kept, ~kept], dim=1)[:, 0]
        shown = "row of 6 weights, hessian of shape (6, 6), 4 of 6 kept"
        arguments = (row, wide[:, ::2], kept)
        expected = _right(*arguments)
        return Case(arguments, expected, "not contiguous", rtol=RTOL, atol=0.0, shown=shown)

    return {
        "the first weight goes, the others make up for it": [
            case(*drawn(4)),
            case(*drawn(6)),
            case(*drawn(6)),
            case(*drawn(9)),
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
    mistakes=_MISTAKES,
)
