"""The exercise `criteria.allocate`: which layer loses how much, under one budget and a cap.

Its text promises float32 scores of any shapes, signs and strides, equal ones among them, empty
layers and none at all; any sparsity and any cap that leaves room for it.
"""

import math
from random import Random

from labkit.checks.criteria.allocate_answers import MISTAKES, Scores, right
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.value_cases import Case


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
        return Case((scores, sparsity, most), right(scores, sparsity, most), note, shown=shown)

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
    mistakes=MISTAKES,
    forbids=("torch.nn.utils.prune", "torch.ao.pruning"),
)
