"""The exercise `pruning.global_threshold`: masks of all tensors together.

Its text promises what that of `pruning.magnitude_mask` does, of tensors by name: perhaps none, some
without entries or with equal values, in any mixture of dtypes and in any order.
"""

from collections.abc import Iterator
from random import Random

from labkit.checks.engine import mask_cases
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.mask_cases import Case, Masks
from labkit.checks.pruning import mask_mistakes
from labkit.checks.pruning.draws import (
    COUNTS,
    HALF,
    HUGE,
    SUBNORMAL,
    Draws,
    as_tensor,
    consecutive,
    mixtures,
    tiny,
)


def _rounded_by_layer(weights: Masks, sparsity: float) -> Masks:
    """One ranking, but each layer's share is rounded by itself and the counts are added up."""
    count = sum(round(sparsity * weight.numel()) for weight in weights.values())
    return mask_cases.split(mask_cases.drop_lowest(mask_cases.scores(weights), count), weights)


def _by_name(weights: Masks, sparsity: float) -> Masks:
    ordered = mask_cases.right({name: weights[name] for name in sorted(weights)}, sparsity)
    return {name: ordered[name] for name in weights}


_MISTAKES = (
    mask_mistakes.SAME_FRACTION,
    Mistake(
        "rounded layer by layer",
        "round once, the sparsity times the number of all weights: roundings by layer add up",
        _rounded_by_layer,
    ),
    mask_mistakes.AVERAGED,
    Mistake(
        "names sorted as strings",
        "sorted() puts block.10 before block.2; keep the order of the dict",
        _by_name,
    ),
    *mask_mistakes.MISTAKES,
)


def _cases(draw: Random) -> Groups:
    """Inputs of `global_masks(weights, sparsity)`."""
    import torch

    draws = Draws(draw)

    def counted(count: int, sparsity: float) -> Case:
        parts = draws.layers((count // 3,), (count // 4,), (count - count // 3 - count // 4,))
        return Case(parts, sparsity, count_only=True)

    def equal(size: float, *shapes: tuple[int, ...]) -> Masks:
        return {f"block.{2 + 4 * i}.weight": torch.full(s, size) for i, s in enumerate(shapes)}

    def tied() -> Masks:
        names = [f"block.{block}.weight" for block in (2, 6, 10)]
        return {name: as_tensor(draws.tied(16), (4, 4)) for name in names}

    def kinds_tied() -> Masks:
        pairs = zip(tied().items(), (torch.float16, torch.float32, torch.bfloat16), strict=True)
        return {name: weight.to(kind) for (name, weight), kind in pairs}

    kinds = (torch.float32, torch.bfloat16, torch.float16)
    twin = as_tensor(draws.distinct(12), (3, 4))

    def strided() -> Iterator[Case]:
        first = draws.layers((5, 4), (4, 6), (2, 8))
        yield Case({name: weight.t() for name, weight in first.items()}, 0.25, "transposed")
        second = draws.layers((4, 4), (2, 2, 4), (32,))
        pairs = zip(second.items(), kinds, strict=True)
        mixed = {name: tiny(weight).to(kind) for (name, weight), kind in pairs}
        yield Case(mixed, 0.75, "mixed dtypes, tiny values")
        for first, note in ((HALF, "neighbours in float32"), (SUBNORMAL, "the smallest numbers")):
            third = draws.layers((3, 8), (4, 4))
            yield Case({name: consecutive(w, first) for name, w in third.items()}, 0.5, note)
        fourth = {name: consecutive(w, HUGE) for name, w in draws.layers((3, 8), (4, 4)).items()}
        yield Case(fourth, 0.5, "the largest numbers")
        yield Case(draws.far(), 0.75, "tiny and huge numbers")
        for part in (0.3, 0.7):
            yield Case(draws.shared(), part, "in one memory")
        for ends, note in draws.ends():
            yield Case(ends, 0.25, note)
            yield Case(ends, 0.75, note)
        for mixed in mixtures(draws):
            yield Case(mixed, 0.5, "mixed dtypes, neighbours in float32")

    return {
        "one threshold for all layers": [
            Case(draws.layers((4, 5), (5, 8)), 0.25),
            Case(draws.layers((4, 4), (3, 8), (2, 4, 5)), 0.5),
            Case(draws.layers((4, 4), (3, 8), (2, 4, 5)), 0.5, "other numbers in the same shapes"),
            Case(draws.layers((6, 4), (16,), (4, 10)), 0.75),
        ],
        "exact count over all": [
            counted(*draws.inexact(upward=True)),
            counted(*draws.inexact(upward=False)),
            counted(13, 0.5),
            counted(15, 0.5),
            *(counted(*count) for count in COUNTS),
        ],
        "ties by layer, then index": [
            Case(equal(0.5, (4,), (2, 3), (6,)), 0.5, "all equal"),
            Case(equal(0.0, (4,), (2, 3), (6,)), 0.25, "all zeros"),
            Case(tied(), 0.25, "many ties"),
            Case(tied(), 0.75, "many ties"),
            Case(equal(0.5, (6,), (2, 3), (4,)), 0.5, "all equal, the largest layer first"),
            Case(draws.tied_transposed(), 0.6, "many ties, transposed"),
            Case(equal(-0.5, (40, 20), (900,)), 0.3, "all equal"),
            *(Case(draws.many_ties(kind), 0.4, "many ties") for kind in kinds),
            Case({"block.2.weight": twin.clone(), "block.6.weight": twin}, 0.375, "equal layers"),
            Case(kinds_tied(), 0.5, "ties between dtypes"),
        ],
        "extremes": [
            Case({}, 0.5, "no layers"),
            Case(draws.layers((0,), (2, 2)), 0.5, "an empty layer"),
            Case(draws.layers((), (2, 2), ()), 0.5, "layers without a dimension"),
            Case({"block.2.weight": as_tensor([-0.5])}, 0.0),
            Case({"block.2.weight": as_tensor([-0.5])}, 1.0),
            Case(draws.layers((3, 4), (8,)), 0.0),
            Case(draws.layers((3, 4), (8,)), 1.0),
            Case(draws.layers((4, 5), (2, 10)), 0.05, "two zeros"),
            Case(draws.layers((4, 5), (2, 10)), 0.95, "two weights left"),
        ],
        "strides and dtypes": list(strided()),
    }


TASK = Exercise(
    id="pruning.global_threshold",
    title="One threshold for all layers",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Prune an exact number of weights over all layers together.",
    function="global_masks",
    cases=_cases,
    mistakes=_MISTAKES,
    form="bool masks, input kept",
    forbids=("torch.nn.utils.prune", "torch.ao.pruning"),
)
