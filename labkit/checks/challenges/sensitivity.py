"""The exercise `challenges.sensitivity`: what each layer costs when it alone is pruned.

Its text promises contiguous parameters of any shapes and floating dtypes under any names, frozen
ones among them, weights that use all digits, are tiny, equal or zero of either sign; all of that is
as before afterwards, to the last bit, and so is the mode.
"""

import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.mask_cases import drop_lowest, rounding
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor, nn


_TINY = 2.0**-100
Evaluate = Callable[["nn.Module"], float]


def _magnitude(values: "Tensor", sparsity: float) -> "Tensor":
    return drop_lowest(values.abs(), round(sparsity * len(values)))


def _drops(
    model: "nn.Module",
    names: list[str],
    sparsity: float,
    evaluate: Evaluate,
    *,
    keep: Callable[["Tensor", float], "Tensor"] = _magnitude,
    restore: bool = True,
    others: bool = False,
    drop: Callable[[float, float], float] = lambda dense, pruned: dense - pruned,
) -> dict[str, float]:
    """Drop of each name; each argument after `evaluate` turns it into a mistake."""
    import torch

    parameters = dict(model.named_parameters())
    before = {name: parameter.detach().clone() for name, parameter in parameters.items()}
    dense, result = evaluate(model), {}
    with torch.no_grad():
        for name in names:
            for chosen in [other for other in names if other != name] if others else [name]:
                weight = parameters[chosen]
                mask = keep(weight.flatten().double(), sparsity).reshape(weight.shape)
                weight.copy_(torch.where(mask, weight, 0.0))
            result[name] = drop(dense, evaluate(model))
            if restore:
                for chosen in names:
                    parameters[chosen].copy_(before[chosen])
    return result


def _topk(largest: bool) -> Callable[["Tensor", float], "Tensor"]:
    """The mask that topk gives: by the largest |w|, which stay, or by the smallest."""

    def keep(values: "Tensor", sparsity: float) -> "Tensor":
        import torch

        pruned = round(sparsity * len(values))
        found = values.abs().topk(len(values) - pruned if largest else pruned, largest=largest)
        mask = torch.full((len(values),), not largest)
        mask[found.indices] = largest
        return mask

    return keep


def _unstable(values: "Tensor", sparsity: float) -> "Tensor":
    import torch

    pruned = values.float().abs().argsort()[: round(sparsity * len(values))]
    return torch.ones(len(values), dtype=torch.bool).index_fill(0, pruned, False)


def _threshold(strict: bool) -> Callable[["Tensor", float], "Tensor"]:
    """Keep what is above the largest |w| to prune, or at or above the smallest to keep."""

    def keep(values: "Tensor", sparsity: float) -> "Tensor":
        ranked, pruned = values.abs().sort().values, round(sparsity * len(values))
        if strict:
            return values.abs() > (ranked[pruned - 1] if pruned else -math.inf)
        return values.abs() >= (ranked[pruned] if pruned < len(ranked) else math.inf)

    return keep


def _mistaken(**changes: object) -> Callable[..., dict[str, float]]:
    return lambda *arguments: _drops(*arguments, **changes)


_MISTAKES = (
    Mistake(
        "layers pruned one on top of the other",
        "restore a layer from a copy before the next one: detach() and .data alone are no copies",
        _mistaken(restore=False),
    ),
    Mistake(
        "sign of the drop",
        "a drop is the dense score minus the pruned one: positive where pruning hurts",
        _mistaken(drop=lambda dense, pruned: pruned - dense),
    ),
    Mistake(
        "score for drop",
        "this is the score of the pruned model, not how far it fell",
        _mistaken(drop=lambda dense, pruned: pruned),
    ),
    Mistake(
        "dense score measured after pruning",
        "evaluate the dense model before any layer is pruned",
        _mistaken(drop=lambda dense, pruned: 0.0),
    ),
    Mistake(
        "size of the drop",
        "a drop below zero says that pruning helped; abs() hides it",
        _mistaken(drop=lambda dense, pruned: abs(dense - pruned)),
    ),
    Mistake(
        "drop cut off at zero",
        "a drop below zero says that pruning helped; max() hides it",
        _mistaken(drop=lambda dense, pruned: max(dense - pruned, 0.0)),
    ),
    Mistake(
        "relative drop",
        "the drop is a difference; do not divide it by the dense score",
        _mistaken(drop=lambda dense, pruned: (dense - pruned) / dense),
    ),
    Mistake(
        "all layers but this one",
        "prune only the named layer and leave the others dense",
        _mistaken(others=True),
    ),
    Mistake(
        "signed compare",
        "it ranks w instead of |w|, so large negative weights go first",
        _mistaken(keep=lambda values, s: drop_lowest(values, round(s * len(values)))),
    ),
    Mistake(
        "sparsity read as the share kept",
        "sparsity is the fraction of zeros",
        _mistaken(
            keep=lambda values, s: drop_lowest(values.abs(), len(values) - round(s * len(values)))
        ),
    ),
    Mistake(
        "kept and pruned swapped",
        "the smallest weights are set to zero, the largest stay",
        _mistaken(keep=lambda values, s: ~_magnitude(values, s)),
    ),
    *rounding(
        lambda count: _mistaken(
            keep=lambda values, s: drop_lowest(values.abs(), count(s * len(values)))
        )
    ),
    *(
        Mistake(
            "equal weights in another order",
            "of equal |w| the one with the lower flat index is pruned first; topk and an unstable "
            "sort promise no order",
            _mistaken(keep=keep),
        )
        for keep in (
            lambda values, s: _magnitude(values.flip(0), s).flip(0),
            _topk(largest=True),
            _topk(largest=False),
            _unstable,
        )
    ),
    *(
        Mistake(
            "threshold with ties",
            "comparing with a threshold prunes or keeps all weights of that size, another count",
            _mistaken(keep=keep),
        )
        for keep in (
            _threshold(strict=True),
            _threshold(strict=False),
            # At sparsity 0 the largest is taken for the threshold.
            lambda v, s: v.abs() > v.abs().sort().values[round(s * len(v)) - 1],
        )
    ),
    *(
        Mistake(
            "ranked by fewer digits",
            "in half precision, or squared, different weights become equal: rank |w| as it is",
            _mistaken(keep=lambda values, s, through=through: _magnitude(through(values), s)),
        )
        for through in (
            lambda values: values.half(),
            lambda values: values.bfloat16(),
            lambda values: values.float().square(),
        )
    ),
    Mistake(
        "no torch.no_grad()",
        "a parameter may be changed in place inside `with torch.no_grad():` only",
        error="requires grad is being used in an in-place operation",
    ),
    *(
        Mistake(
            "a dotted name taken for an attribute",
            "the dots lead through submodules: model.get_parameter(name) follows them",
            error=error,
        )
        for error in ('contain "."', "'Sequential' object has no attribute")
    ),
)


class _Draws:
    """Models drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def model(self, *sizes: tuple[int, int], tied: bool = False) -> "nn.Module":
        """Linear layers of these (in, out) sizes, their weights multiples of 1/8."""
        import torch
        from torch import nn

        with torch.random.fork_rng(devices=[]):
            model = nn.Sequential(*(nn.Linear(*size) for size in sizes))
        with torch.no_grad():
            for parameter in model.parameters():
                count = parameter.numel()
                # As many different sizes as weights, or three of them only; all digits are used.
                of = [(1 + at + self.random.random() / 2) / 8 for at in range(3 if tied else count)]
                sizes_of = [of[at % len(of)] for at in range(count)]
                self.random.shuffle(sizes_of)
                values = [size * self.random.choice((-1, 1)) for size in sizes_of]
                parameter.copy_(torch.tensor(values).reshape(parameter.shape))
        return model

    def structured(self) -> "nn.Module":
        """Parameters of one to three dimensions, frozen, float64, of any name."""
        import torch
        from torch import nn

        model = self.model((4, 5), (3, 2), (2, 2), (6, 4))
        _, second, third, last = model
        second.weight = nn.Parameter(second.weight.detach().reshape(1, 3, 2))
        third.double().requires_grad_(False)
        model.register_parameter("scale", nn.Parameter(torch.tensor([-0.7, 0.2, 0.9, -0.1])))
        with torch.no_grad():
            third.weight.mul_(1 + 1e-12)  # digits that float32 does not have
            # Tiny ones and zeros of either sign: they go first, and come back.
            last.weight.view(-1)[:7] = torch.tensor([0.0, -0.0, 1e-9, -1e-9, -0.0, 1e-42, -0.0])
        return model.train()

    def nearly_tied(self) -> "nn.Module":
        """Weights that differ in their last bit, the larger ones first."""
        import torch

        model = self.model((6, 2), (4, 4))
        with torch.no_grad():
            for layer in model:
                high = torch.full_like(layer.weight, self.random.uniform(1, 2)).view(-1)
                high[len(high) // 2 :] = torch.nextafter(high[0], torch.zeros(()))
                layer.weight.copy_(high.view(layer.weight.shape))
        return model

    def tiny(self) -> "nn.Module":
        """Weights so small that float32 has no squares of them."""
        import torch

        model = self.model((4, 5), (5, 6))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.mul_(_TINY)
        return model

    def score(
        self, model: "nn.Module", harmful: tuple[int, ...] = (), scale: float = 1.0
    ) -> "nn.Module":
        """An evaluation of the model; the weights of the `harmful` layers lower the score.

        Where the weights are tiny, a `scale` as large makes up for it.
        """
        from labkit.checks.lent.score import Score

        shares = []
        for at, parameter in enumerate(model.parameters()):
            sign = -1 if at % 2 == 0 and at // 2 in harmful else 1
            shares.append(sign * scale * self.random.uniform(1.0, 3.0) / parameter.numel())
        return Score(tuple(shares))


def _cases(draw: Random) -> Groups:
    """Inputs of `layer_sensitivity(model, names, sparsity, evaluate)`."""
    draws = _Draws(draw)

    def case(
        model: "nn.Module",
        layers: tuple[int | str, ...],
        sparsity: float,
        note: str = "",
        harmful: tuple[int, ...] = (),
        scale: float = 1.0,
    ) -> Case:
        names = [at if isinstance(at, str) else f"{at}.weight" for at in layers]
        arguments = (model, names, sparsity, draws.score(model, harmful, scale))
        return Case(
            arguments,
            _drops(*arguments),
            note,
            rtol=1e-6,
            atol=1e-9,
            shown=f"a model of {len(model)} layers, {names}, {sparsity:g}, evaluate",
            # The model may be changed, as long as it is put back.
            remedy="put each weight back from a clone()",
        )

    def model(tied: bool = False) -> "nn.Module":
        return draws.model((4, 5), (5, 6), (6, 4), (4, 3), tied=tied)

    names = ("0.weight", "1.weight", "1.bias", "scale", "2.weight", "2.bias", "3.weight")
    return {
        "each layer on its own": [
            case(model(), (0, 1, 2, 3), 0.5),
            case(model(), (0, 1, 2, 3), 0.75),
            case(model(), (0, 1, 2, 3), 0.25),
        ],
        "names and their order": [
            case(model(), (2, 0), 0.5, "two of four layers"),
            case(model(), (3, 1, 2), 0.25, "not in the order of the model"),
            case(model(), (1,), 0.75, "one layer"),
            case(model(), (), 0.5, "no layer"),
        ],
        "a drop below zero": [
            case(model(), (0, 1, 2, 3), 0.5, "one layer does harm", (1,)),
            case(model(), (0, 2, 3), 0.75, "two layers do harm", (0, 3)),
        ],
        "parameters of any kind": [
            case(draws.structured(), names, 0.5, "biases, three dimensions, frozen"),
            case(draws.structured(), names[::-1], 0.3, "the same from the end"),
            case(draws.structured(), ("2.weight",), 0.5, "frozen float64"),
            case(draws.structured(), names[-1:], 0.4, "tiny weights and zeros of either sign"),
            case(draws.model((4, 5), (5, 6)).eval(), (0, 1), 0.5, "in evaluation mode"),
        ],
        "weights that differ by little": [
            case(draws.nearly_tied(), (0, 1), 0.5, "they differ in the last bit"),
            case(draws.nearly_tied(), (1, 0), 0.25, "they differ in the last bit"),
            case(draws.tiny(), (0, 1), 0.5, "so small that squares are 0", scale=1 / _TINY),
        ],
        "exact count, ties by index": [
            case(model(tied=True), (0, 1, 2, 3), 0.4, "ties"),
            case(model(tied=True), (3, 2, 1, 0), 0.7, "ties"),
            case(draws.model((10, 10), (5, 1)), (0, 1), 0.29),
            case(draws.model((10, 9), (10, 15)), (0, 1), 0.35),
            case(draws.model((10, 9), (10, 15)), (0, 1), 0.07),
            case(draws.model((5, 1), (7, 1)), (0, 1), 0.5),
            case(draws.model((3, 2), (1, 1)), (0, 1), 1.0, "all pruned"),
            case(draws.model((3, 2), (1, 1)), (0, 1), 0.0, "nothing pruned"),
        ],
    }


TASK = Exercise(
    id="challenges.sensitivity",
    title="Which layer breaks first",
    points=6,
    minutes=25,
    difficulty=2,
    objective="Measure what each layer costs when it alone is pruned, and leave no trace.",
    function="layer_sensitivity",
    cases=_cases,
    mistakes=_MISTAKES,
    form="the model is as before",
    forbids=("torch.nn.utils.prune",),
)
