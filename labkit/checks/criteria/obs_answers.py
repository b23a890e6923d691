"""Right and wrong answers to the exercise `criteria.obs`, by least squares and by the formula."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.checks.criteria import zeros
from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from torch import Tensor

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


def right(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    """The row without the weight whose removal costs least, and the mask then."""
    found = _all(row.double(), hessian.double(), kept)
    # Least squares leave a digit or so: what is equal by contract is so to ten digits.
    least = min(rise for rise, _, _ in found)
    _, place, new = next(one for one in found if one[0] <= least * (1 + 1e-9))
    return _result(new, kept, place)


def formula(
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
    new, left = formula(whole=True)(row, hessian, kept)
    return new * left, left


def _not_zero(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    """The weight that goes is left as it was; the others move."""
    new, left = right(row, hessian, kept)
    gone = kept & ~left
    new[gone] = row[gone]
    return new, left


def _counted_among_kept(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    """The place of the weight among the kept ones, looked for in the whole mask."""
    new, left = right(row, hessian, kept)
    wrong = kept.clone()
    wrong[int((kept & ~left)[kept].nonzero())] = False
    return new, wrong


def _zeros_dropped(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    """The mask after the step is where the new row is not 0."""
    new, _ = right(row, hessian, kept)
    return new, new != 0


def _zeros_taken_for_pruned(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    """The mask that came is not used: what is 0 was removed."""
    return right(row, hessian, row != 0)


def _zeros_not_chosen(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    """Only weights that are not 0 can go and move, but the kept zeros stay in the mask."""
    new, left = right(row, hessian, row != 0)
    return new, kept & (left | (row == 0))


def _later(row: "Tensor", hessian: "Tensor", kept: "Tensor") -> Step:
    new, left = right(row.flip(0), hessian.flip(0).flip(1), kept.flip(0))
    return new.flip(0), left.flip(0)


MISTAKES = (
    Mistake(
        "the others do not move",
        "what the removed weight did is made up for by those that are left: they change too",
        formula(move=lambda w, h, g, q: 0 * w),
    ),
    Mistake(
        "smallest magnitude removed",
        "a small weight may be dear: rank by w^2 over the diagonal of the inverse",
        formula(importance=lambda w, h, g: w.abs()),
    ),
    Mistake(
        "smallest magnitude removed",
        "a small weight may be dear: rank by w^2 over the diagonal of the inverse",
        formula(importance=lambda w, h, g: w.abs(), move=lambda w, h, g, q: 0 * w),
    ),
    Mistake(
        "the diagonal of H for that of its inverse",
        "w^2 times the diagonal of H is what the removal costs if nothing else may move (optimal "
        "brain damage); the surgeon divides by the diagonal of the inverse",
        formula(importance=lambda w, h, g: w**2 * h.diag()),
    ),
    Mistake(
        "multiplied by the inverse",
        "a large entry on the diagonal of the inverse says that others can stand in: divide by it",
        formula(importance=lambda w, h, g: w**2 * g.diag()),
    ),
    Mistake(
        "w for w^2",
        "the importance is w^2 over the diagonal of the inverse",
        formula(importance=lambda w, h, g: w.abs() / g.diag()),
    ),
    Mistake(
        "signed importance",
        "the importance is w^2 over the diagonal of the inverse, whatever the sign of w",
        formula(importance=lambda w, h, g: w / g.diag()),
    ),
    Mistake(
        "the most important removed",
        "the weight goes whose removal costs least",
        formula(choose=lambda scores: scores.masked_fill(scores.isinf(), -1).argmax()),
    ),
    Mistake(
        "moved the wrong way",
        "the step subtracts: at the removed weight it has to give zero",
        formula(move=lambda w, h, g, q: w[q] / g[q, q] * g[:, q]),
    ),
    Mistake(
        "not divided by the diagonal",
        "the column of the inverse is scaled so that the removed weight becomes zero: divide by "
        "[H^-1]_qq",
        formula(move=lambda w, h, g, q: -w[q] * g[:, q]),
    ),
    Mistake(
        "moved along the Hessian",
        "the others move along a column of the inverse, not of the Hessian",
        formula(move=lambda w, h, g, q: -w[q] / h[q, q] * h[:, q]),
    ),
    Mistake(
        "moved along the Hessian",
        "the others move along a column of the inverse, not of the Hessian",
        formula(move=lambda w, h, g, q: w[q] / h[q, q] * h[:, q]),
    ),
    Mistake(
        "the removed weight not zero",
        "the removed weight is exactly 0 afterwards, not what it was",
        _not_zero,
    ),
    zeros.LEFT,
    *(
        Mistake(
            "the inverse with pruned weights in it",
            "pruned weights cannot move: take rows and columns of the kept ones before you invert",
            answer,
        )
        for answer in (formula(whole=True), _whole_held)
    ),
    Mistake(
        "a pruned weight chosen again",
        "a pruned weight is zero and costs nothing, but it is gone already: choose among the kept",
        _dead_again,
    ),
    Mistake(
        "a place among the kept taken for one of the row",
        "argmin counts among the kept weights only: the index of that weight in the row and in the "
        "mask is places[at]",
        _counted_among_kept,
    ),
    *(
        Mistake(
            "the mask read off the zeros",
            "a kept weight may be 0 and stays kept: the mask says what was removed, not row != 0",
            answer,
        )
        for answer in (_zeros_dropped, _zeros_taken_for_pruned, _zeros_not_chosen)
    ),
    Mistake(
        "the later of equal ones",
        "of equal importances the weight with the lower index goes",
        _later,
    ),
)
