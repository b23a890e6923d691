"""The exercise `challenges.masked_step`: a step of training that leaves pruned weights at zero.

Its text promises tensors of any shapes, () among them, and strides, float32 and float64 to their
last digits, gradients that are infinite or nan where a weight is pruned, rates from 0 to
above 1, whole numbers too.
"""

import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.difference import show_type
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.trial import Failure
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor


Tensors = list["Tensor"]
_Parts = tuple[Tensors, Tensors, Tensors]


def _each(
    step: Callable[["Tensor", "Tensor", "Tensor", float], "Tensor"],
) -> Callable[[Tensors, Tensors, Tensors, float], Tensors]:
    """The answer that applies `step` to each weight with its gradient and mask."""

    def answer(weights: Tensors, gradients: Tensors, masks: Tensors, rate: float) -> Tensors:
        triples = zip(weights, gradients, masks, strict=True)
        return [step(w.double(), g.double(), m, rate).to(w.dtype) for w, g, m in triples]

    return answer


def _in_own_dtype(
    step: Callable[["Tensor", "Tensor", "Tensor", float], "Tensor"],
) -> Callable[[Tensors, Tensors, Tensors, float], Tensors]:
    """As `_each`, without a wider dtype."""
    return lambda weights, gradients, masks, rate: [
        step(w, g, m, rate) for w, g, m in zip(weights, gradients, masks, strict=True)
    ]


def _held(weight: "Tensor", gradient: "Tensor", mask: "Tensor", rate: float) -> "Tensor":
    import torch

    return torch.where(mask, weight - rate * gradient, torch.zeros_like(weight))


def _only_gradient(weight: "Tensor", gradient: "Tensor", mask: "Tensor", rate: float) -> "Tensor":
    import torch

    return torch.where(mask, weight - rate * gradient, weight)


def _before_only(weight: "Tensor", gradient: "Tensor", mask: "Tensor", rate: float) -> "Tensor":
    return weight.masked_fill(~mask, 0.0) - rate * gradient


_right = _each(_held)
_SHARED = "tensors that share memory with an argument"

_MISTAKES = (
    Mistake(
        "mask on the gradient only",
        "pruned weights that are not zero yet stay as they are; the mask holds for the result",
        _each(_only_gradient),
    ),
    Mistake(
        "mask on the gradient only",
        "pruned weights that are not zero yet stay as they are; the mask holds for the result",
        _each(lambda w, g, m, rate: w - rate * g * m),
    ),
    Mistake(
        "mask before the step only",
        "the step moves pruned weights away from zero again: apply the mask after it",
        _each(_before_only),
    ),
    Mistake(
        "no mask",
        "a plain step brings the pruned weights back",
        _each(lambda w, g, m, rate: w - rate * g),
    ),
    Mistake(
        "NaN times zero",
        "nan * 0 and inf * 0 are nan: choose with torch.where instead of multiplying",
        _each(lambda w, g, m, rate: (w - rate * g) * m),
    ),
    Mistake(
        "NaN times zero",
        "nan * 0 and inf * 0 are nan: choose with torch.where instead of multiplying",
        _each(lambda w, g, m, rate: w * m - rate * (g * m)),
    ),
    Mistake(
        "NaN times zero",
        "nan_to_num makes the largest number of infinity, which a rate above 1 makes infinite "
        "again: choose with torch.where instead of multiplying",
        _in_own_dtype(lambda w, g, m, rate: (w - rate * g.nan_to_num()) * m),
    ),
    Mistake(
        "through float32",
        "the result has the dtype of its weight, with all its digits",
        _in_own_dtype(lambda w, g, m, rate: _held(w.float(), g.float(), m, rate).to(w.dtype)),
    ),
    Mistake(
        "mask swapped",
        "a mask is True where a weight is kept",
        _each(lambda w, g, m, rate: _held(w, g, ~m, rate)),
    ),
    Mistake(
        "step uphill",
        "the gradient points to where the loss grows: subtract it",
        _each(lambda w, g, m, rate: _held(w, g, m, -rate)),
    ),
    Mistake(
        "learning rate left out",
        "the step is the learning rate times the gradient",
        _each(lambda w, g, m, rate: _held(w, g, m, 1.0)),
    ),
    Mistake(
        "weights masked, not moved",
        "kept weights move against their gradient",
        _each(lambda w, g, m, rate: _held(w, g, m, 0.0)),
    ),
    Mistake(
        "zero taken for pruned",
        "a kept weight may be zero and has to move: go by the mask, not by the values",
        _each(lambda w, g, m, rate: _held(w, g, w != 0, rate)),
    ),
    Mistake(
        "zero taken for pruned",
        "a kept weight may be zero and has to move: go by the mask, not by the values",
        _each(lambda w, g, m, rate: _held(w, g, m & (w != 0), rate)),
    ),
)


class _Draws:
    """Weights, gradients and masks, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def tensor(self, shape: tuple[int, ...], low: float, high: float) -> "Tensor":
        """Numbers of that size that use all digits, of either sign; float64."""
        import torch

        count = math.prod(shape)
        values = [
            self.random.choice((-1, 1)) * self.random.uniform(low, high) for _ in range(count)
        ]
        return torch.tensor(values, dtype=torch.float64, device="cpu").reshape(shape)

    def mask(self, shape: tuple[int, ...]) -> "Tensor":
        """About half of it True, both values where there is room for them."""
        import torch

        values = [at % 2 == 0 for at in range(math.prod(shape))]
        self.random.shuffle(values)
        return torch.tensor(values, dtype=torch.bool, device="cpu").reshape(shape)

    def triple(self, *shapes: tuple[int, ...], double: bool = False) -> _Parts:
        """Weights, gradients and masks of these shapes.

        A step at a rate up to 2.5 takes no weight near to 0, where its digits would be lost.
        """
        import torch

        kind = torch.float64 if double else torch.float32
        return (
            [self.tensor(shape, 4, 8).to(kind) for shape in shapes],
            [self.tensor(shape, 0.25, 1.25).to(kind) for shape in shapes],
            [self.mask(shape) for shape in shapes],
        )


def _own(value: Any, arguments: tuple) -> Any:
    """How many results lie in the memory of an argument, and the results."""
    import torch

    if not issubclass(type(value), list | tuple) or any(type(t) is not torch.Tensor for t in value):
        raise Failure(f"it returned {show_type(value)}, expected a list of tensors")
    used = {t.untyped_storage().data_ptr() for part in arguments[:3] for t in part}
    shared = sum(t.untyped_storage().data_ptr() in used for t in value)
    return {_SHARED: shared, "weights": list(value)}


def _cases(draw: Random) -> Groups:
    """Inputs of `masked_step(weights, gradients, masks, learning_rate)`."""
    import torch

    draws = _Draws(draw)

    def case(parts: _Parts, rate: float, note: str = "") -> Case:
        arguments = (*parts, rate)
        # Zero means zero, of either sign: no tolerance but for the last digits of a kept weight.
        double = any(weight.dtype == torch.float64 for weight in parts[0])
        rtol = 1e-14 if double else 2e-6
        return Case(arguments, _right(*arguments), note, rtol=rtol, atol=0.0)

    def own(parts: _Parts, rate: float, note: str) -> Case:
        expected = {_SHARED: 0, "weights": _right(*parts, rate)}
        return Case((*parts, rate), expected, note, rtol=2e-6, atol=0.0, look=_own)

    def again(*shapes: tuple[int, ...]) -> _Parts:
        """Weights that are zero already where they are pruned."""
        weights, gradients, masks = draws.triple(*shapes)
        return (
            [w.masked_fill(~m, 0.0) for w, m in zip(weights, masks, strict=True)],
            gradients,
            masks,
        )

    def zeros(*shapes: tuple[int, ...]) -> _Parts:
        """Some kept weights are zero."""
        weights, gradients, masks = again(*shapes)
        for weight, mask in zip(weights, masks, strict=True):
            weight[tuple(mask.nonzero()[0])] = 0.0
        return weights, gradients, masks

    def broken(*shapes: tuple[int, ...]) -> _Parts:
        """Gradients that are not finite where weights are pruned."""
        weights, gradients, masks = draws.triple(*shapes)
        for gradient, mask in zip(gradients, masks, strict=True):
            odd = [math.nan, math.inf, -math.inf]
            for at, place in enumerate((~mask).nonzero()):
                gradient[tuple(place)] = odd[at % 3]
        return weights, gradients, masks

    def turned() -> _Parts:
        parts = draws.triple((4, 6), (3, 5))
        return tuple([tensor.t() for tensor in part] for part in parts)

    def double() -> _Parts:
        return draws.triple((3, 4), (6,), double=True)

    def mixed() -> _Parts:
        """float32 and float64 side by side.

        Both are compared to the digits of float64: in float32 the step at a rate of 1/4 is exact.
        """
        weights, gradients, masks = draws.triple((5,))
        short = [(64 * part[0]).round()[None].div(64) for part in (weights, gradients)]
        both = zip((*map(list, short), masks), draws.triple((2, 3), double=True), strict=True)
        return tuple(first + second for first, second in both)

    def strided() -> _Parts:
        """A weight, a gradient and a mask that lie in memory in three ways."""
        (weight,), (gradient,), (mask,) = draws.triple((4, 6))
        gradient = gradient.t().contiguous().t()
        mask = torch.stack([mask, ~mask], dim=2)[..., 0]
        return [weight], [gradient], [mask]

    def uniform(keep: bool) -> _Parts:
        weights, gradients, masks = draws.triple((3, 4), (6,))
        return weights, gradients, [torch.full_like(mask, keep) for mask in masks]

    return {
        "kept weights move, pruned ones are zero": [
            case(draws.triple((4,)), 0.5),
            case(draws.triple((3, 4), (2, 5)), 0.25),
            case(draws.triple((2, 3), (4, 4), (6,)), 0.125),
            case(draws.triple((3, 4), (7,)), 2.5, "a rate above 1"),
            case(draws.triple((3, 4), (7,)), 1, "a whole number as rate"),
            case(draws.triple((3, 4), (7,)), 0.001, "a small rate"),
        ],
        "pruned weights stay at zero": [
            case(again((6,)), 0.5, "pruned before"),
            case(again((4, 4), (3, 5)), 0.25, "pruned before"),
        ],
        "a kept zero moves": [
            case(zeros((6,)), 0.5, "a kept weight is 0"),
            case(zeros((4, 4), (3, 5)), 0.25, "kept weights are 0"),
        ],
        "gradients that are not finite": [
            case(broken((6,)), 0.5, "nan and inf where pruned"),
            case(broken((4, 4), (3, 5)), 0.25, "nan and inf where pruned"),
            case(broken((4, 4), (8,)), 2.5, "nan and inf where pruned, a rate above 1"),
            case(broken((4, 4), (8,)), 0.0, "nan and inf where pruned, rate 0"),
            case(broken((4, 4), (8,)), 1, "nan and inf where pruned, rate 1"),
        ],
        "extremes, strides and dtypes": [
            case(turned(), 0.5, "transposed"),
            case(double(), 0.3, "float64"),
            case(mixed(), 0.25, "float32 and float64"),
            case(strided(), 0.3, "strides of three kinds"),
            case(draws.triple((), (3,), ()), 0.5, "tensors without dimensions"),
            case(draws.triple((2, 3, 4), (1, 1)), 0.5, "three dimensions"),
            case(draws.triple((1,), (0,), (2, 2)), 0.5, "an empty tensor"),
            case(draws.triple((2, 3)), 0.0, "learning rate 0"),
            case(draws.triple((2, 3)), 0, "learning rate 0, a whole number"),
            case(uniform(True), 0.5, "all kept"),
            case(uniform(False), 0.5, "all pruned"),
            case(([], [], []), 0.5, "no tensors"),
            own(uniform(True), 0.0, "all kept, learning rate 0"),
            own(uniform(True), 0.5, "all kept"),
        ],
    }


TASK = Exercise(
    id="challenges.masked_step",
    title="A step with the mask held",
    points=5,
    minutes=15,
    difficulty=2,
    objective="Train a pruned model one step further without waking its pruned weights.",
    function="masked_step",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("torch.nn.utils.prune", "torch.optim"),
)
