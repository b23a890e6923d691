"""The exercise `criteria.scores`: Wanda's score of each weight, its inputs read in batches.

Its text promises weights and inputs of three dtypes and any strides, batches of any sizes that come
once, padding on either side or everywhere, no batch at all, no outputs; sums that half precision
does not hold.
"""

from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.criteria.streams import (
    Draws,
    Pair,
    misread,
    nothing_left,
    once,
    pairs,
    said,
    tokens,
    unchanged,
)
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case
from labkit.checks.lent.batches import Batches

if TYPE_CHECKING:
    from torch import Tensor

Answer = Callable[["Tensor", Iterable[Pair]], "Tensor"]


def _sums(weight: "Tensor", batches: Iterable[Pair], read: Callable = tokens) -> "Tensor":
    """For each batch the sum of squares of each feature: shape (batches, in), float64."""
    import torch

    parts = [read(*pair).square().sum(0) for pair in pairs(batches)]
    empty = torch.zeros(0, weight.shape[1], dtype=torch.float64)
    return torch.stack(parts) if parts else empty


def _right(weight: "Tensor", batches: Iterable[Pair]) -> "Tensor":
    return (weight.double().abs() * _sums(weight, batches).sum(0).sqrt()).float()


def _with(norm: Callable[["Tensor"], "Tensor"], read: Callable = tokens) -> Answer:
    """The answer with another norm from the sums of squares of the batches."""
    return lambda weight, batches: (
        weight.double().abs() * norm(_sums(weight, batches, read))
    ).float()


def _of_all(norm: Callable[["Tensor"], "Tensor"]) -> Answer:
    """The answer with another norm from all real tokens, shape (tokens, in)."""

    def answer(weight: "Tensor", batches: Iterable[Pair]) -> "Tensor":
        import torch

        found = torch.cat([tokens(*pair) for pair in pairs(batches)])
        return (weight.double().abs() * norm(found)).float()

    return answer


def _signed(weight: "Tensor", batches: Iterable[Pair]) -> "Tensor":
    return (weight.double() * _sums(weight, batches).sum(0).sqrt()).float()


def _squared(weight: "Tensor", batches: Iterable[Pair]) -> "Tensor":
    return (weight.double().square() * _sums(weight, batches).sum(0)).float()


def _in_own_dtype(
    add: Callable[["Tensor"], "Tensor"], end: Callable[["Tensor"], "Tensor"]
) -> Answer:
    """Squares or norms in the dtype of the inputs, added up over the batches."""

    def answer(weight: "Tensor", batches: Iterable[Pair]) -> "Tensor":
        total = sum(add(inputs[mask.bool()]) for inputs, mask in pairs(batches))
        return end(weight.abs() * total.sqrt())

    return answer


def _again(weight: "Tensor", batches: Iterable[Pair]) -> "Tensor":
    return _right(weight, nothing_left(batches))


def _after_a_look(weight: "Tensor", batches: Iterable[Pair]) -> "Tensor":
    """A look at the first batch has used it up."""
    return _right(weight, nothing_left(batches) or pairs(batches)[1:])


_MISTAKES = (
    Mistake(
        "norms of the batches added up",
        "the root is taken once, at the end: add up sums of squares, not norms",
        _with(lambda sums: sums.sqrt().sum(0)),
    ),
    Mistake(
        "norms of the batches averaged",
        "the root is taken once, at the end, over the tokens of all batches together",
        _with(lambda sums: sums.sqrt().mean(0)),
    ),
    Mistake(
        "largest norm of a batch",
        "the norm runs over the tokens of all batches together",
        _with(lambda sums: sums.sqrt().amax(0)),
    ),
    Mistake(
        "only the last batch",
        "what the earlier batches gave is lost: add to what there is",
        _with(lambda sums: sums[-1].sqrt()),
    ),
    Mistake(
        "only the first batch",
        "a return inside the loop ends it: go on until there is no batch left",
        _with(lambda sums: sums[0].sqrt()),
    ),
    Mistake(
        "mean for the sum",
        "the norm is a sum over the tokens, and is not divided by their number",
        _of_all(lambda found: found.square().mean(0).sqrt()),
    ),
    Mistake(
        "sums of squares averaged",
        "the sums of the batches are added up, not averaged",
        _with(lambda sums: sums.mean(0).sqrt()),
    ),
    Mistake(
        "no root",
        "the score is |w| times the norm; the root of the sum of squares is missing",
        _with(lambda sums: sums.sum(0)),
    ),
    Mistake(
        "the score squared",
        "the order is the same, but the score is |w| times the norm, not its square",
        _squared,
    ),
    Mistake(
        "sum of |x| for the norm",
        "the norm is the root of the sum of squares",
        _of_all(lambda found: found.abs().sum(0)),
    ),
    Mistake(
        "sum of x for the norm",
        "the norm is the root of the sum of squares; values of both signs cancel in a sum",
        _of_all(lambda found: found.sum(0).abs()),
    ),
    Mistake("signed score", "the score is |w| times the norm, not w times the norm", _signed),
    Mistake(
        "plain magnitude",
        "the inputs count too: a small weight on a large input may matter more",
        lambda weight, batches: weight.float().abs(),
    ),
    *(
        Mistake(
            "added up in half precision",
            "float16 holds nothing above 65504 and bfloat16 three digits: turn what you square "
            "into float32 first",
            _in_own_dtype(add, end),
        )
        for add in (
            lambda real: real.square().sum(0),
            lambda real: real.norm(dim=0).square(),
            lambda real: real.float().square().sum(0).to(real.dtype),
            lambda real: real.square().sum(0).float(),
            lambda real: (real.norm(dim=0) ** 2).float(),
        )
        for end in (lambda scores: scores, lambda scores: scores.float())
    ),
    Mistake(
        "returned in half precision",
        "scores are float32, whatever the weights are",
        lambda weight, batches: _right(weight, batches).to(weight.dtype),
    ),
    *(
        Mistake(
            "read twice",
            "an iterator gives each batch once: nothing is left for a second loop",
            answer,
        )
        for answer in (_again, _after_a_look)
    ),
    *misread(lambda read: _with(lambda sums: sums.sum(0).sqrt(), read)),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `wanda_scores(weight, batches)`."""
    import torch

    draws = Draws(draw)

    def weight(rows: int, features: int) -> "Tensor":
        sizes = [draws.sign() * draw.randint(1, 400) / 64 for _ in range(rows * features)]
        return torch.tensor(sizes, dtype=torch.float32).reshape(rows, features)

    def case(w: "Tensor", batches: "list[Pair] | Batches", note: str = "") -> Case:
        kind = str(w.dtype).removeprefix("torch.")
        shown = f"{kind} weight of shape {tuple(w.shape)}, {said(batches)}"
        look = unchanged(batches, 1) if isinstance(batches, Batches) else None
        return Case((w, batches), _right(w, batches), note, shown=shown, look=look)

    def plain(features: int, *shapes: tuple[int, int]) -> list[Pair]:
        return [
            draws.batch(*shape, features, top=4 + 6 * number) for number, shape in enumerate(shapes)
        ]

    left, right = ((0, 1), (0,), ()), ((), (4,), (3, 4))
    nothing = [draws.batch(2, 3, 6, ((0, 1, 2), (0, 1, 2)))]
    half, brain = torch.float16, torch.bfloat16
    return {
        "|w| times the norm over all batches": [
            case(weight(4, 6), plain(6, (2, 4), (3, 4))),
            case(weight(3, 8), plain(8, (1, 3), (4, 2), (2, 5)), "batches of any size"),
            case(weight(5, 5), plain(5, (3, 4)), "one batch"),
        ],
        "padding does not count": [
            case(weight(4, 6), [draws.batch(3, 5, 6, right), draws.batch(3, 5, 6, right)]),
            case(weight(4, 7), [draws.batch(3, 5, 7, left), *plain(7, (2, 3))], "on the left"),
            case(weight(2, 6), draws.uneven(6), "on either side"),
            case(weight(2, 6), [*nothing, *plain(6, (2, 3))], "a batch of padding only"),
        ],
        "batches that come once": [
            case(weight(4, 6), once(draws.uneven(6))),
            case(weight(3, 9), once([*plain(9, (1, 4), (2, 2)), *draws.uneven(9)])),
            case(weight(3, 5), once([])),
        ],
        "half precision": [
            case(weight(3, 6).to(half), draws.large(6, half), "their squares are infinite"),
            case(weight(3, 6).to(brain), draws.large(6, brain)),
            case(weight(2, 7).to(half), once(draws.large(7, half))),
        ],
        "all digits": [
            case(weight(4, 6), draws.fine(6)),
            case(weight(3, 5) / 3, once(draws.fine(5))),
        ],
        "extremes and strides": [
            case(weight(4, 6), [], "no batches"),
            case(weight(4, 6), nothing, "no real token"),
            case(weight(1, 1), plain(1, (1, 1)), "one weight, one token"),
            case(weight(0, 6), plain(6, (2, 3)), "no outputs"),
            case(weight(3, 6) * 0, plain(6, (2, 3)), "weights of zero"),
            case(weight(8, 5).t(), draws.uneven(8), "a transposed weight"),
            case(weight(4, 6), [draws.strided(pair) for pair in draws.uneven(6)], "not contiguous"),
        ],
    }


TASK = Exercise(
    id="criteria.scores",
    title="Scores from a stream",
    points=5,
    minutes=20,
    difficulty=1,
    objective="Compute Wanda's scores from batches that come one after the other.",
    function="wanda_scores",
    cases=_cases,
    mistakes=_MISTAKES,
)
