"""The exercise `criteria.allocate`: which layer loses how much, under one budget and a cap.

Its text promises float32 scores of any shapes, signs and strides, equal ones among them, empty
layers and none at all; any sparsity and any cap that leaves room for it.
"""

import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor

Scores = dict[str, "Tensor"]
Counts = dict[str, int]


def _lowest(
    scores: Scores,
    total: int,
    caps: Counts,
    key: "Callable[[Tensor], Tensor]" = lambda values: values,
    later: bool = False,
) -> Counts:
    """How many of the `total` lowest scores stand in each layer, where none goes beyond its cap.

    `key` is what is ranked; of equal ones those of the earlier layer go, or of the `later`.
    """
    import torch

    names = list(scores)[:: -1 if later else 1]
    parts = [key(scores[n].double().flatten()).sort().values[: caps[n]] for n in names]
    together = torch.cat([torch.zeros(0, dtype=torch.float64), *parts])
    owner = [at for at, part in enumerate(parts) for _ in range(len(part))]
    gone = torch.tensor(owner, dtype=torch.int64)[together.argsort(stable=True)[:total]]
    counts = dict(zip(names, gone.bincount(minlength=len(names)).tolist(), strict=False))
    return {name: counts[name] for name in scores}


def _caps(scores: Scores, most: float, count: Callable[[float], int] = round) -> Counts:
    return {
        name: min(count(most * tensor.numel()), tensor.numel()) for name, tensor in scores.items()
    }


def _all(scores: Scores) -> int:
    return sum(tensor.numel() for tensor in scores.values())


def _right(scores: Scores, sparsity: float, most: float) -> Counts:
    return _lowest(scores, round(sparsity * _all(scores)), _caps(scores, most))


def _uncapped(scores: Scores, sparsity: float, most: float = 1.0) -> Counts:
    return _lowest(scores, round(sparsity * _all(scores)), _caps(scores, 1.0))


def _cut_off(scores: Scores, sparsity: float, most: float) -> Counts:
    caps = _caps(scores, most)
    return {name: min(n, caps[name]) for name, n in _uncapped(scores, sparsity).items()}


def _uniform(scores: Scores, sparsity: float, most: float) -> Counts:
    return {name: round(sparsity * tensor.numel()) for name, tensor in scores.items()}


def _to_the_next(scores: Scores, sparsity: float, most: float) -> Counts:
    """What a capped layer cannot lose is taken from the next ones in order."""
    counts, caps = _cut_off(scores, sparsity, most), _caps(scores, most)
    rest = round(sparsity * _all(scores)) - sum(counts.values())
    for name in counts:
        more = min(rest, caps[name] - counts[name])
        counts[name], rest = counts[name] + more, rest - more
    return counts


def _of_all(scores: Scores, sparsity: float, most: float) -> Counts:
    """The cap taken for a share of all zeros."""
    total = round(sparsity * _all(scores))
    caps = {name: min(round(most * total), t.numel()) for name, t in scores.items()}
    return _lowest(scores, total, caps)


def _in_order(scores: Scores, sparsity: float, most: float) -> Counts:
    """Layer by layer up to its cap, until the budget is spent."""
    rest, counts = round(sparsity * _all(scores)), {}
    for name, cap in _caps(scores, most).items():
        counts[name] = min(cap, rest)
        rest -= counts[name]
    return counts


def _with_counts(
    total: Callable[[float], int] = round, cap: Callable[[float], int] = round
) -> Callable:
    return lambda scores, sparsity, most: _lowest(
        scores, total(sparsity * _all(scores)), _caps(scores, most, cap)
    )


def _threshold(scores: Scores, sparsity: float, most: float) -> Counts:
    """All scores as low as the last one to go."""
    import torch

    total, caps = round(sparsity * _all(scores)), _caps(scores, most)
    if total == 0:
        return dict.fromkeys(scores, 0)
    parts = [t.flatten().sort().values[: caps[name]] for name, t in scores.items()]
    limit = torch.cat(parts).sort().values[total - 1]
    return {name: int((p <= limit).sum()) for name, p in zip(scores, parts, strict=True)}


def _shares(scores: Scores, sparsity: float, most: float) -> dict[str, float]:
    return {
        n: count / max(scores[n].numel(), 1) for n, count in _right(scores, sparsity, most).items()
    }


def _kept(scores: Scores, sparsity: float, most: float) -> Counts:
    return {n: scores[n].numel() - count for n, count in _right(scores, sparsity, most).items()}


def _signless(scores: Scores, sparsity: float, most: float) -> Counts:
    return _lowest(
        scores, round(sparsity * _all(scores)), _caps(scores, most), key=lambda values: values.abs()
    )


def _highest(scores: Scores, sparsity: float, most: float) -> Counts:
    total = round(sparsity * _all(scores))
    return _lowest(scores, total, _caps(scores, most), key=lambda values: -values)


def _later(scores: Scores, sparsity: float, most: float) -> Counts:
    return _lowest(scores, round(sparsity * _all(scores)), _caps(scores, most), later=True)


def _sorted(scores: Scores, sparsity: float, most: float) -> Counts:
    return dict(sorted(_right(scores, sparsity, most).items()))


def _mean_of_layers(scores: Scores, sparsity: float, most: float) -> Counts:
    """Each layer ranked by the share of its own scores that lie lower: all layers alike."""
    caps = _caps(scores, most)
    return {name: min(round(sparsity * t.numel()), caps[name]) for name, t in scores.items()}


def _through(cast: Callable[["Tensor"], "Tensor"]) -> Callable[..., Counts]:
    """Scores ranked in half precision."""
    return lambda scores, sparsity, most: _lowest(
        scores, round(sparsity * _all(scores)), _caps(scores, most), key=cast
    )


_MISTAKES = (
    Mistake(
        "cut off at the cap",
        "what a capped layer cannot lose others have to, or the budget is missed",
        _cut_off,
    ),
    Mistake("no cap", "no layer loses more than round(most * its weights)", _uncapped),
    Mistake(
        "all layers alike",
        "the budget is for the model: layers with low scores lose more than others",
        _uniform,
    ),
    Mistake(
        "all layers alike",
        "the budget is for the model: layers with low scores lose more than others",
        _mean_of_layers,
    ),
    Mistake(
        "the rest taken in order",
        "what a capped layer cannot lose is taken where the next lowest scores are",
        _to_the_next,
    ),
    Mistake(
        "layers used up in order",
        "scores decide where the zeros go, not the order of the layers",
        _in_order,
    ),
    Mistake(
        "cap on the share of the zeros",
        "the cap is a share of the layer's own weights, not of all zeros",
        _of_all,
    ),
    Mistake(
        "the highest scores go",
        "a high score says that the weight matters",
        _highest,
    ),
    Mistake(
        "size of the score",
        "a score below zero is the least of all: rank the scores as they are, not their size",
        _signless,
    ),
    Mistake("shares for counts", "the result is a number of zeros for each layer", _shares),
    Mistake("kept counted", "the result is the number of zeros, not of weights that stay", _kept),
    Mistake(
        "equal scores in the later layer first",
        "of equal scores in different layers those of the earlier layer go first",
        _later,
    ),
    Mistake(
        "threshold with ties",
        "comparing with a threshold takes all scores of that value, another number of zeros",
        _threshold,
    ),
    Mistake(
        "names sorted as strings",
        "sorted() puts block.10 before block.2; keep the order of the dict",
        _sorted,
    ),
    *(
        Mistake(
            "ranked by fewer digits",
            "in half precision different scores become equal: rank them as they are",
            _through(cast),
        )
        for cast in (lambda values: values.half(), lambda values: values.bfloat16())
    ),
    *(
        Mistake(
            "int() for round()",
            "int() cuts off: 0.29 * 100 is 28.999999999999996 and becomes 28",
            _with_counts(**how),
        )
        for how in ({"total": int}, {"cap": int}, {"total": int, "cap": int})
    ),
    *(
        Mistake("rounding up", "ceil() takes one too many; use round()", _with_counts(**how))
        for how in (
            {"total": math.ceil},
            {"cap": math.ceil},
            {"total": math.ceil, "cap": math.ceil},
        )
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `allocate(scores, sparsity, most)`."""
    import torch

    def layers(*shapes: tuple[int, ...], low: int | None = None) -> Scores:
        """Distinct scores; layer `low` has the lowest ones, some of them below zero."""
        sizes = [math.prod(shape) for shape in shapes]
        values = draw.sample(range(-40, 4 * sum(sizes)), sum(sizes))
        if low is not None:
            # Most of the lowest go to one layer.
            values.sort()
            first, rest = values[: sizes[low]], values[sizes[low] :]
            draw.shuffle(first)
            draw.shuffle(rest)
            before = sum(sizes[:low])
            values = rest[:before] + first + rest[before:]
        found, at = {}, 0
        for number, (shape, size) in enumerate(zip(shapes, sizes, strict=True)):
            part = torch.tensor(values[at : at + size], dtype=torch.float32) / 8
            found[f"block.{4 * number + 2}.weight"] = part.reshape(shape)
            at += size
        return found

    def tied(*shapes: tuple[int, ...]) -> Scores:
        return {
            f"block.{4 * n + 2}.weight": torch.tensor(
                [draw.choice((0.0, -0.0, 0.5, 1.5)) for _ in range(math.prod(shape))]
            ).reshape(shape)
            for n, shape in enumerate(shapes)
        }

    def near() -> Scores:
        """Scores that differ in their last digit, the lower ones in the later layer."""
        size = draw.uniform(1, 1.5)
        high = torch.full((6, 5), size)
        low = torch.nextafter(high, torch.zeros(()))
        return {"block.2.weight": high, "block.6.weight": torch.cat([low, low + 1])}

    def many() -> Scores:
        """More scores than 16 bits count, in one layer."""
        generator = torch.Generator().manual_seed(draw.randrange(2**31))
        sizes = {"block.2.weight": 301, "block.6.weight": 40009, "block.10.weight": 5003}
        return {name: torch.randn(size, generator=generator) for name, size in sizes.items()}

    def case(scores: Scores, sparsity: float, most: float, note: str = "") -> Case:
        pairs = ", ".join(f"{name}: {tuple(t.shape)}" for name, t in scores.items())
        shown = f"{{{pairs}}}, {sparsity:g}, {most:g}"
        return Case((scores, sparsity, most), _right(scores, sparsity, most), note, shown=shown)

    strided = {name: t.t() for name, t in layers((5, 4), (6, 4), (3, 4), low=1).items()}
    return {
        "the lowest scores go, wherever they stand": [
            case(layers((4, 5), (5, 6), low=0), 0.25, 1.0),
            case(layers((4, 4), (3, 8), (20,), low=1), 0.4, 1.0),
            case(layers((6, 4), (16,), (4, 10)), 0.6, 1.0),
        ],
        "no layer beyond its cap": [
            case(layers((4, 5), (5, 6), low=0), 0.5, 0.6),
            case(layers((4, 4), (3, 8), (20,), low=1), 0.5, 0.75),
            case(layers((4, 4), (3, 8), (20,), (5, 5), low=2), 0.6, 0.7),
            case(layers((10, 10), (8,), (30,), low=0), 0.5, 0.55),
            case(layers((4, 6), (4, 6), (4, 6), low=2), 0.5, 0.5, "a cap that leaves no choice"),
        ],
        "exact counts": [
            case(layers((10, 10)), 0.29, 0.8),
            case(layers((10, 10), (20, 5), low=0), 0.25, 0.29, "a cap of 29 of 100"),
            case(layers((5,), (7,), (9,), low=0), 0.4, 0.5, "caps of 2, 4 and 4"),
            case(layers((5,), (6,), low=1), 0.5, 0.6, "5.5 zeros"),
            case(layers((7,), (8,), low=0), 0.3, 0.5, "4.5 zeros, caps of 4 and 4"),
            case(layers((3,), (9,), (11,), low=2), 0.5, 0.6, "11.5 zeros"),
            case(layers((4,), (6,), low=0), 0.25000001, 0.8, "2.5000001 zeros, so 3"),
            case(layers((10,), (20,), low=0), 0.2, 0.25000001, "a cap of 2.5000001, so 3"),
        ],
        "scores that differ by little, and many of them": [
            case(near(), 0.3, 1.0, "they differ in the last digit"),
            case(near(), 0.25, 0.4, "they differ in the last digit"),
            case(many(), 0.9, 0.95, "many scores"),
        ],
        "ties by layer": [
            case(tied((4, 5), (5, 5), (15,)), 0.5, 0.75, "ties"),
            case(tied((9,), (30,), (12,)), 0.3, 0.5, "ties"),
            case({f"{n}": torch.ones(3, 4) for n in (2, 6, 10)}, 0.5, 0.75, "all equal"),
            case({f"{n}": torch.ones(3, 4) for n in (2, 6, 10)}, 0.4, 1.0, "all equal"),
        ],
        "extremes and strides": [
            case({}, 0.5, 0.5, "no layers"),
            case(layers((0,), (2, 4), (12,), low=1), 0.5, 0.7, "an empty layer"),
            case(layers((3, 4), (8,)), 0.0, 0.0, "nothing pruned"),
            case(layers((3, 4), (8,)), 1.0, 1.0, "all pruned"),
            case(layers((), (5,), (2, 3, 2), low=2), 0.5, 0.75, "a layer without dimensions"),
            case(layers((12,)), 0.5, 0.5, "one layer"),
            case(strided, 0.5, 0.6, "transposed"),
        ],
    }


TASK = Exercise(
    id="criteria.allocate",
    title="A budget for all layers",
    points=5,
    minutes=20,
    difficulty=2,
    objective="Spread the zeros over the layers by their scores, and spare each from too many.",
    function="allocate",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("torch.nn.utils.prune", "torch.ao.pruning"),
)
