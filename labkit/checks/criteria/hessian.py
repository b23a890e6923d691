"""The exercise `criteria.hessian`: the Hessian of a layer's error, its inputs read in batches.

Its text promises inputs of three dtypes and any strides, batches of any sizes that come once,
padding on either side or everywhere, no batch at all, features that are always zero; sums that
half precision does not hold.
"""

import math
from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.criteria.streams import (
    Draws,
    Pair,
    everything,
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

RTOL = 1e-5  # of the root of H_ii H_jj
Answer = Callable[[Iterable[Pair], int], "Tensor"]


def _parts(batches: Iterable[Pair], read: Callable = tokens) -> "list[tuple[Tensor, int]]":
    """For each batch X^T X of its real tokens, float64, and their number."""
    return [(x.t() @ x, len(x)) for x in (read(*pair) for pair in pairs(batches))]


def _right(batches: Iterable[Pair], width: int, read: Callable = tokens) -> "Tensor":
    import torch

    total, count = torch.zeros(width, width, dtype=torch.float64), 0
    for part, number in _parts(batches, read):
        total, count = total + part, count + number
    return (2 * total / max(count, 1)).float()


def _divided(by: Callable[[list[Pair]], float], factor: float = 2.0) -> Answer:
    """The sum over all real tokens, divided by something else."""

    def answer(batches: Iterable[Pair], width: int) -> "Tensor":
        found = pairs(batches)
        return (sum(part for part, _ in _parts(found)) * factor / by(found)).float()

    return answer


def _real(batches: list[Pair]) -> int:
    return max(sum(int(mask.sum()) for _, mask in batches), 1)


def _means(batches: Iterable[Pair], width: int) -> "Tensor":
    found = [2 * part / max(number, 1) for part, number in _parts(batches)]
    return (sum(found) / len(found)).float()


def _sum_of_means(batches: Iterable[Pair], width: int) -> "Tensor":
    return sum(2 * part / max(number, 1) for part, number in _parts(batches)).float()


def _halfway(batches: Iterable[Pair], width: int) -> "Tensor":
    """A running mean in which the newest batch counts as much as all before it."""
    import torch

    total = torch.zeros(width, width, dtype=torch.float64)
    for number, (part, count) in enumerate(_parts(batches)):
        mean = 2 * part / max(count, 1)
        total = mean if number == 0 else (total + mean) / 2
    return total.float()


def _centred(batches: Iterable[Pair], width: int) -> "Tensor":
    import torch

    x = torch.cat([tokens(*pair) for pair in pairs(batches)])
    x = x - x.mean(0)
    return (2 * x.t() @ x / len(x)).float()


def _of_tokens(batches: Iterable[Pair], width: int) -> "Tensor":
    return sum(2 * x @ x.t() / len(x) for x in (tokens(*pair) for pair in pairs(batches))).float()


def _zeroed(batches: Iterable[Pair], width: int) -> "Tensor":
    """Padding is left out of the sum, but counted among the tokens."""
    found = pairs(batches)
    return _divided(lambda all_: max(sum(mask.numel() for _, mask in all_), 1))(found, width)


def _in_own_dtype(batches: Iterable[Pair], width: int) -> "Tensor":
    found = pairs(batches)
    real = [inputs[mask.bool()] for inputs, mask in found]
    return (2 * sum(x.t() @ x for x in real) / _real(found)).float()


def _parts_in_own_dtype(batches: Iterable[Pair], width: int) -> "Tensor":
    """The products of each batch in half precision, added up in float32."""
    found = pairs(batches)
    real = [inputs[mask.bool()] for inputs, mask in found]
    return 2 * sum((x.t() @ x).float() for x in real) / _real(found)


def _last(batches: Iterable[Pair], width: int) -> "Tensor":
    return _right(pairs(batches)[-1:], width)


def _empty(batches: Iterable[Pair], width: int) -> "Tensor":
    import torch

    found = pairs(batches)
    if any(int(mask.sum()) for _, mask in found):
        return _right(found, width)
    return torch.full((width, width), math.nan)


_NONE = "without a real token the Hessian is zero: divide by the number of tokens, or by 1"

_MISTAKES = (
    Mistake(
        "the factor 2 missing",
        "the second derivative of a square has a factor 2",
        _divided(_real, 1.0),
    ),
    Mistake(
        "not divided by the tokens",
        "the error is a mean over the real tokens: divide by their number",
        _divided(lambda batches: 1.0),
    ),
    Mistake(
        "not divided by the tokens",
        "the error is a mean over the real tokens: divide by their number",
        _divided(lambda batches: 1.0, 1.0),
    ),
    Mistake(
        "sequences counted for tokens",
        "a sequence has many tokens: divide by the number of real tokens",
        _divided(lambda batches: sum(len(mask) for _, mask in batches)),
    ),
    Mistake(
        "batches counted for tokens",
        "a batch has many tokens: divide by the number of real tokens",
        _divided(len),
    ),
    Mistake(
        "padding counted among the tokens",
        "padding set to zero adds nothing to the sum, but must not be counted either",
        _zeroed,
    ),
    Mistake(
        "a mean of batch means",
        "a small batch would count as much as a large one: add up sums and tokens, and divide once",
        _means,
    ),
    Mistake(
        "means of the batches added up",
        "add up sums and tokens over the batches, and divide once, at the end",
        _sum_of_means,
    ),
    Mistake(
        "the newest batch counts half",
        "a running mean weighs by tokens: add up sums and tokens, and divide once",
        _halfway,
    ),
    Mistake(
        "only the last batch", "what the earlier batches gave is lost: add to what there is", _last
    ),
    Mistake(
        "a covariance",
        "the layer multiplies the inputs as they are: subtract no mean",
        _centred,
    ),
    Mistake(
        "tokens by tokens",
        "the Hessian has a row for each input feature: X^T X for X of shape (tokens, in)",
        _of_tokens,
        error="must match the size of tensor",
    ),
    Mistake(
        "the diagonal only",
        "a feature meets the others too: off the diagonal stand the sums of their products",
        lambda batches, width: _right(batches, width).diag().diag(),
    ),
    *(
        Mistake(
            "added up in half precision",
            "float16 holds nothing above 65504 and bfloat16 three digits: turn the inputs into "
            "float32 first",
            answer,
        )
        for answer in (
            _in_own_dtype,
            _parts_in_own_dtype,
            lambda batches, width: _right(batches, width).to(pairs(batches)[0][0].dtype),
        )
    ),
    Mistake("0/0", _NONE, _empty, error="ZeroDivisionError"),
    Mistake(
        "read twice",
        "an iterator gives each batch once: nothing is left for a second loop",
        lambda batches, width: _right(nothing_left(batches), width),
    ),
    Mistake(
        "read twice",
        "an iterator gives each batch once: nothing is left for a second loop",
        lambda batches, width: _empty(nothing_left(batches), width),
    ),
    Mistake(
        "padding counted",
        "where attention_mask is 0 stands padding, which is no token of the text",
        lambda batches, width: (
            sum(part for part, _ in _parts(batches, everything)) * 2 / _real(pairs(batches))
        ).float(),
    ),
    *misread(lambda read: lambda batches, width: _right(batches, width, read)),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `layer_hessian(batches, width)`."""
    import torch

    draws = Draws(draw)

    def case(batches: "list[Pair] | Batches", width: int, note: str = "") -> Case:
        look = unchanged(batches, 0) if isinstance(batches, Batches) else None
        shown = f"{said(batches)}, {width}"
        expected = _right(batches, width)
        # Off the diagonal terms cancel: what rounding leaves is small beside the diagonal only.
        sizes = expected.diag().sqrt()
        apart = RTOL * sizes[:, None] * sizes
        return Case((batches, width), expected, note, RTOL, apart, shown, look)

    def plain(features: int, *shapes: tuple[int, int]) -> list[Pair]:
        return [
            draws.batch(*shape, features, top=4 + 6 * number) for number, shape in enumerate(shapes)
        ]

    def dead(batches: list[Pair], *features: int) -> list[Pair]:
        """The same batches with features that are always zero."""
        for inputs, _ in batches:
            inputs[..., list(features)] = 0
        return batches

    left, right = ((0, 1), (0,), ()), ((), (4,), (3, 4))
    nothing = draws.batch(2, 3, 4, ((0, 1, 2), (0, 1, 2)))
    half, brain = torch.float16, torch.bfloat16
    return {
        "twice the mean of x x^T": [
            case(plain(4, (2, 4)), 4, "one batch"),
            case(plain(3, (3, 5), (3, 5)), 3, "batches of one size"),
            case(plain(12, (1, 3)), 12, "more features than tokens"),
        ],
        "batches of any size": [
            case(plain(4, (1, 2), (4, 5), (2, 3)), 4),
            case(plain(5, (6, 4), (1, 1)), 5),
        ],
        "padding does not count": [
            case([draws.batch(3, 5, 4, right)], 4, "on the right"),
            case([draws.batch(3, 5, 4, left), *plain(4, (2, 3))], 4, "on the left"),
            case(draws.uneven(6), 6, "on either side"),
            case([nothing, *plain(4, (2, 3))], 4, "a batch of padding only"),
        ],
        "batches that come once": [
            case(once(draws.uneven(5)), 5),
            case(once([*plain(3, (1, 4), (2, 2)), *draws.uneven(3)]), 3),
            case(once([]), 3),
        ],
        "half precision": [
            case(draws.large(4, half), 4, "their products are infinite"),
            case(draws.large(5, brain), 5),
            case(once(draws.large(3, half)), 3),
        ],
        "all digits": [case(draws.fine(5), 5), case(once(draws.fine(4)), 4)],
        "extremes and strides": [
            case([], 4, "no batches"),
            case([nothing], 4, "no real token"),
            case(plain(1, (1, 1)), 1, "one feature, one token"),
            case(dead(draws.uneven(5), 0, 3), 5, "features that are always zero"),
            case([draws.strided(pair) for pair in draws.uneven(6)], 6, "not contiguous"),
        ],
    }


TASK = Exercise(
    id="criteria.hessian",
    title="The Hessian of a layer",
    points=5,
    minutes=20,
    difficulty=2,
    objective="Compute from a stream of batches how the error of a layer bends.",
    function="layer_hessian",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("torch.func", "torch.autograd.functional"),
)
