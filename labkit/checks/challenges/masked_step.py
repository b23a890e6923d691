"""The exercise `challenges.masked_step`: a step of training that leaves pruned weights at zero."""

import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.compare_values import Case
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake

if TYPE_CHECKING:
    from torch import Tensor


Tensors = list["Tensor"]


def _each(
    step: Callable[["Tensor", "Tensor", "Tensor", float], "Tensor"],
) -> Callable[[Tensors, Tensors, Tensors, float], Tensors]:
    """The answer that applies `step` to each weight with its gradient and mask."""

    def answer(weights: Tensors, gradients: Tensors, masks: Tensors, rate: float) -> Tensors:
        triples = zip(weights, gradients, masks, strict=True)
        return [step(w.double(), g.double(), m, rate).to(w.dtype) for w, g, m in triples]

    return answer


def _held(weight: "Tensor", gradient: "Tensor", mask: "Tensor", rate: float) -> "Tensor":
    import torch

    return torch.where(mask, weight - rate * gradient, torch.zeros_like(weight))


def _only_gradient(weight: "Tensor", gradient: "Tensor", mask: "Tensor", rate: float) -> "Tensor":
    import torch

    return torch.where(mask, weight - rate * gradient, weight)


def _before_only(weight: "Tensor", gradient: "Tensor", mask: "Tensor", rate: float) -> "Tensor":
    return weight.masked_fill(~mask, 0.0) - rate * gradient


_right = _each(_held)

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

    def tensor(self, shape: tuple[int, ...]) -> "Tensor":
        """Multiples of 1/8 other than 0, of either sign."""
        import torch

        count = math.prod(shape)
        values = [
            self.random.choice((-1, 1)) * self.random.randint(1, 40) / 8 for _ in range(count)
        ]
        return torch.tensor(values, dtype=torch.float32, device="cpu").reshape(shape)

    def mask(self, shape: tuple[int, ...]) -> "Tensor":
        """About half of it True, both values where there is room for them."""
        import torch

        values = [at % 2 == 0 for at in range(math.prod(shape))]
        self.random.shuffle(values)
        return torch.tensor(values, dtype=torch.bool, device="cpu").reshape(shape)

    def triple(self, *shapes: tuple[int, ...]) -> tuple[Tensors, Tensors, Tensors]:
        """Weights, gradients and masks of these shapes."""
        return (
            [self.tensor(shape) for shape in shapes],
            [self.tensor(shape) for shape in shapes],
            [self.mask(shape) for shape in shapes],
        )


def _cases(draw: Random) -> Groups:
    """Inputs of `masked_step(weights, gradients, masks, learning_rate)`."""
    import torch

    draws = _Draws(draw)

    def case(parts: tuple[Tensors, Tensors, Tensors], rate: float, note: str = "") -> Case:
        arguments = (*parts, rate)
        # Zero means zero, of either sign: no tolerance but for the last digits of a kept weight.
        return Case(arguments, _right(*arguments), note, rtol=1e-6, atol=0.0)

    def again(*shapes: tuple[int, ...]) -> tuple[Tensors, Tensors, Tensors]:
        """Weights that are zero already where they are pruned."""
        weights, gradients, masks = draws.triple(*shapes)
        return (
            [w.masked_fill(~m, 0.0) for w, m in zip(weights, masks, strict=True)],
            gradients,
            masks,
        )

    def zeros(*shapes: tuple[int, ...]) -> tuple[Tensors, Tensors, Tensors]:
        """Some kept weights are zero."""
        weights, gradients, masks = again(*shapes)
        for weight, mask in zip(weights, masks, strict=True):
            weight[tuple(mask.nonzero()[0])] = 0.0
        return weights, gradients, masks

    def broken(*shapes: tuple[int, ...]) -> tuple[Tensors, Tensors, Tensors]:
        """Gradients that are not finite where weights are pruned."""
        weights, gradients, masks = draws.triple(*shapes)
        for gradient, mask in zip(gradients, masks, strict=True):
            odd = [math.nan, math.inf, -math.inf]
            for at, place in enumerate((~mask).nonzero()):
                gradient[tuple(place)] = odd[at % 3]
        return weights, gradients, masks

    def turned() -> tuple[Tensors, Tensors, Tensors]:
        parts = draws.triple((4, 6), (3, 5))
        return tuple([tensor.t() for tensor in part] for part in parts)

    def double() -> tuple[Tensors, Tensors, Tensors]:
        weights, gradients, masks = draws.triple((3, 4), (6,))
        return [w.double() for w in weights], [g.double() for g in gradients], masks

    def uniform(keep: bool) -> tuple[Tensors, Tensors, Tensors]:
        weights, gradients, masks = draws.triple((3, 4), (6,))
        return weights, gradients, [torch.full_like(mask, keep) for mask in masks]

    return {
        "kept weights move, pruned ones are zero": [
            case(draws.triple((4,)), 0.5),
            case(draws.triple((3, 4), (2, 5)), 0.25),
            case(draws.triple((2, 3), (4, 4), (6,)), 0.125),
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
        ],
        "extremes, strides and dtypes": [
            case(turned(), 0.5, "transposed"),
            case(double(), 0.25, "float64"),
            case(draws.triple((1,), (0,), (2, 2)), 0.5, "an empty tensor"),
            case(draws.triple((2, 3)), 0.0, "learning rate 0"),
            case(uniform(True), 0.5, "all kept"),
            case(uniform(False), 0.5, "all pruned"),
            case(([], [], []), 0.5, "no tensors"),
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
