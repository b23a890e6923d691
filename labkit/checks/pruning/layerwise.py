"""The exercise `pruning.layerwise`: what each layer pays, by two ways of pruning.

Its text promises what that of `pruning.global_threshold` does.  Zeros may be among the weights
already: they are pruned first, and those that are not do not count.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine import mask_cases
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case
from labkit.checks.pruning.draws import (
    COUNTS,
    HUGE,
    SUBNORMAL,
    Draws,
    as_tensor,
    mixtures,
)
from labkit.checks.pruning.mask_mistakes import AVERAGED, MISTAKES, alone

if TYPE_CHECKING:
    from torch import Tensor


Weights = dict[str, "Tensor"]
Masked = Callable[[Weights, float], Weights]
Pairs = dict[str, tuple[float, float]]


def _share(mask: "Tensor") -> float:
    return int((~mask).sum()) / max(mask.numel(), 1)


def _pairs(together: Masked, alone: Masked) -> Callable[[Weights, float], Pairs]:
    """The sparsities of the layers by the one way of pruning and by the other."""

    def answer(weights: Weights, sparsity: float) -> Pairs:
        first, second = together(weights, sparsity), alone(weights, sparsity)
        return {name: (_share(first[name]), _share(second[name])) for name in weights}

    return answer


_right = _pairs(mask_cases.right, alone(mask_cases.right))


def _asked_for(weights: Weights, sparsity: float) -> Pairs:
    return {name: (pair[0], sparsity) for name, pair in _right(weights, sparsity).items()}


def _shares_of_the_zeros(weights: Weights, sparsity: float) -> Pairs:
    """How the zeros are spread over the layers, not how sparse each layer is."""
    result = {}
    total = sum(weight.numel() for weight in weights.values())
    zeros = max(round(sparsity * total), 1)
    for name, pair in _right(weights, sparsity).items():
        size = weights[name].numel()
        result[name] = (pair[0] * size / zeros, pair[1] * size / zeros)
    return result


def _shares_of_all(weights: Weights, sparsity: float) -> Pairs:
    total = max(sum(weight.numel() for weight in weights.values()), 1)
    return {
        name: (a * weights[name].numel() / total, b * weights[name].numel() / total)
        for name, (a, b) in _right(weights, sparsity).items()
    }


def _global_of_all(weights: Weights, sparsity: float) -> Pairs:
    """Only what global pruning takes from a layer is divided by the weights of all layers."""
    of_all, right = _shares_of_all(weights, sparsity), _right(weights, sparsity)
    return {name: (of_all[name][0], right[name][1]) for name in weights}


def _swapped(weights: Weights, sparsity: float) -> Pairs:
    return {name: (b, a) for name, (a, b) in _right(weights, sparsity).items()}


def _kept(weights: Weights, sparsity: float) -> Pairs:
    return {name: (1 - a, 1 - b) for name, (a, b) in _right(weights, sparsity).items()}


def _sorted(weights: Weights, sparsity: float) -> Pairs:
    return dict(sorted(_right(weights, sparsity).items()))


def _counts(weights: Weights, sparsity: float) -> dict[str, tuple[int, int]]:
    return {
        name: (round(a * weights[name].numel()), round(b * weights[name].numel()))
        for name, (a, b) in _right(weights, sparsity).items()
    }


def _nan_if_empty(weights: Weights, sparsity: float) -> Pairs:
    """The mean of no entries, as torch takes it."""
    return {
        name: pair if weights[name].numel() else (float("nan"), float("nan"))
        for name, pair in _right(weights, sparsity).items()
    }


def _nan_if_empty_globally(weights: Weights, sparsity: float) -> Pairs:
    pairs = _nan_if_empty(weights, sparsity)
    return {name: (pair[0], 0.0 if pair[1] != pair[1] else pair[1]) for name, pair in pairs.items()}


def _of_masks() -> Iterator[Mistake]:
    """What goes wrong with masks, in both ways of pruning or in one of them."""
    for m in MISTAKES:
        # What only shows on masks is left out.
        if m.name in ("kept and pruned swapped", "each row on its own", "no mask"):
            continue
        if not m.answer:
            yield m
            continue
        for together, layerwise in (
            (m.answer, m.answer),
            (m.answer, mask_cases.right),
            (mask_cases.right, m.answer),
        ):
            yield replace(m, answer=_pairs(together, alone(layerwise)))


_EMPTY = "the sparsity of an empty layer is 0.0"

_MISTAKES = (
    Mistake(
        "the two ways swapped",
        "the pair is (global, layerwise)",
        _swapped,
    ),
    Mistake(
        "the sparsity asked for",
        "a layer of 7 weights at 0.5 gets 4 zeros, which is 0.571: report what it has got",
        _asked_for,
    ),
    Mistake(
        "the same fraction called global",
        "with one threshold for all layers the layers get different sparsities",
        _pairs(alone(mask_cases.right), alone(mask_cases.right)),
    ),
    replace(AVERAGED, answer=_pairs(AVERAGED.answer, alone(mask_cases.right))),
    Mistake(
        "share of the zeros",
        "divide by the number of weights of the layer, not by the number of all zeros",
        _shares_of_the_zeros,
    ),
    *(
        Mistake(
            "divided by all weights",
            "divide by the number of weights of the layer, not of all layers",
            answer,
        )
        for answer in (_shares_of_all, _global_of_all)
    ),
    Mistake("share kept", "sparsity is the fraction of zeros", _kept),
    Mistake("counts for shares", "divide by the number of weights of the layer", _counts),
    Mistake(
        "names sorted as strings",
        "sorted() puts block.10 before block.2; keep the order of the dict",
        _sorted,
    ),
    Mistake("0/0", _EMPTY, error="by zero"),
    Mistake("0/0", _EMPTY, _nan_if_empty),
    Mistake("0/0", _EMPTY, _nan_if_empty_globally),
    *_of_masks(),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `sparsity_by_layer(weights, sparsity)`."""
    import torch

    draws = Draws(draw)

    def case(weights: Weights, sparsity: float, note: str = "") -> Case:
        return Case((weights, sparsity), _right(weights, sparsity), note)

    def tied() -> Weights:
        return {f"block.{i}.weight": as_tensor(draws.tied(15), (3, 5)) for i in (2, 6, 10)}

    def zeros(count: int) -> Weights:
        """More zeros than are to go, in one layer; weights of the usual size in the other."""
        return {"block.1.weight": as_tensor(draws.zeros(count))} | draws.layers((3, count))

    odd = [draws.inexact(upward) for upward in (True, False)]
    equal = {f"block.{i}.weight": torch.full((3, 3), -0.5) for i in (2, 6, 10)}
    kinds = (torch.float32, torch.bfloat16, torch.float16)
    mixed = draws.layers((4, 4), (2, 2, 4), (12,))
    mixed = {name: w.to(kind) for (name, w), kind in zip(mixed.items(), kinds, strict=True)}
    far = draws.far()
    strided = {name: weight.t() for name, weight in draws.layers((5, 4), (4, 6)).items()}
    return {
        "both ways of pruning": [
            case(draws.layers((4, 5), (5, 8)), 0.25),
            case(draws.layers((4, 4), (3, 8), (2, 4, 5)), 0.5),
            case(draws.layers((4, 4), (3, 8), (2, 4, 5)), 0.5, "other numbers in the same shapes"),
            case(draws.layers((6, 4), (16,), (4, 10)), 0.75),
        ],
        "exact counts": [
            case(draws.layers((odd[0][0],), (17,)), odd[0][1]),
            case(draws.layers((odd[1][0],), (19,)), odd[1][1]),
            case(draws.layers((5,), (8,), (7,)), 0.5, "2.5 and 3.5 zeros"),
            *(case(draws.layers((count,), (count,)), part) for count, part in COUNTS),
            *(case(draws.layers((count - 3,), (3,)), part) for count, part in COUNTS),
        ],
        "ties by layer": [
            case(equal, 0.4, "all equal"),
            case(tied(), 0.25, "many ties"),
            case(tied(), 0.75, "many ties"),
            case(draws.tied_transposed(), 0.6, "many ties, transposed"),
            case(equal | {"block.14.weight": torch.full((20,), 0.5)}, 0.4, "the largest last"),
            case({"first": torch.full((20,), 0.5)} | equal, 0.4, "the largest first"),
            *(case(draws.many_ties(kind), 0.4, "many ties") for kind in kinds),
            case(zeros(9), 0.1, "more zeros than are to go"),
            case(zeros(9), 0.6, "zeros already there"),
        ],
        "extremes": [
            case({}, 0.5, "no layers"),
            case(draws.layers((0,), (2, 4)), 0.5, "an empty layer"),
            case({"block.2.weight": as_tensor([-0.5])}, 1.0),
            case(draws.layers((3, 4), (8,)), 0.0),
            case(draws.layers((3, 4), (8,)), 1.0),
            case(draws.layers((3, 4), (8,)), 0.05, "one zero"),
            case(draws.layers((), (2, 2), ()), 0.5, "layers without a dimension"),
        ],
        "strides and dtypes": [
            case(strided, 0.25, "transposed"),
            case(mixed, 0.75, "mixed dtypes"),
            *(case(weights, 0.5, "mixed, neighbours in float32") for weights in mixtures(draws)),
            case(draws.fine(), 0.5, "neighbours in float32"),
            case(draws.fine(SUBNORMAL), 0.5, "the smallest numbers"),
            case(draws.fine(HUGE), 0.5, "the largest numbers"),
            case(far, 0.75, "tiny and huge numbers"),
            case(draws.shared(), 0.3, "in one memory"),
            *(case(ends, part, note) for ends, note in draws.ends() for part in (0.25, 0.75)),
        ],
    }


TASK = Exercise(
    id="pruning.layerwise",
    title="Which layers pay",
    points=5,
    minutes=20,
    difficulty=2,
    objective="Compare what global and layerwise pruning take from each layer.",
    function="sparsity_by_layer",
    cases=_cases,
    mistakes=_MISTAKES,
    form="the weights are kept",
    forbids=("torch.nn.utils.prune", "torch.ao.pruning"),
)
