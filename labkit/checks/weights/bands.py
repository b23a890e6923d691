"""The exercise `weights.bands`: the shares of small, medium and large weights, block by block.

Its text promises finite numbers of three dtypes, also mixed, in any shapes and with any strides,
any number of tensors, equal ones too, and two thresholds that all dtypes hold.
"""

import math
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case
from labkit.checks.weights.draws import Draws, as_tensor

if TYPE_CHECKING:
    from torch import Tensor


def _band_counts(
    block: "list[Tensor]", small: float, large: float, signed: bool = False, closed: bool = False
) -> list[int]:
    """Weights in each of the three bands; each argument but the first makes it a mistake."""
    counts = [0, 0, 0]
    for tensor in block:
        values = tensor.double() if signed else tensor.double().abs()
        below = [int(((values <= t) if closed else (values < t)).sum()) for t in (small, large)]
        parts = (below[0], below[1] - below[0], values.numel() - below[1])
        counts = [one + other for one, other in zip(counts, parts, strict=True)]
    return counts


def _table(counts: list[list[int]]) -> "Tensor":
    import torch

    return torch.tensor(counts, dtype=torch.float64).reshape(-1, 3)


def _divided(counts: list[list[int]]) -> "Tensor":
    rows = _table(counts)
    return rows / rows.sum(1, keepdim=True).clamp(min=1)


def _bands(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    return _divided([_band_counts(block, small, large) for block in blocks])


def _mean_of_tensors(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    """The tensors of a block count the same, however many weights they hold."""
    import torch

    rows = [_bands([[t] for t in block if t.numel()], small, large).mean(0) for block in blocks]
    return torch.stack(rows)


def _cumulative(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    import torch

    first, second, third = _bands(blocks, small, large).unbind(1)
    return torch.stack([first, first + second, third], dim=1)


def _overlapping(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    """The small weights are counted in two bands, and a row is divided by the sum of all three."""
    rows = [_band_counts(block, small, large) for block in blocks]
    return _divided([[first, first + second, third] for first, second, third in rows])


def _last_tensor(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    """Each tensor of a block overwrites what the one before has left."""
    return _bands([block[-1:] for block in blocks], small, large)


def _by_columns(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    counts = _table([_band_counts(block, small, large) for block in blocks])
    return counts / counts.sum(0, keepdim=True).clamp(min=1)


def _of_the_model(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    counts = _table([_band_counts(block, small, large) for block in blocks])
    return counts / counts.sum()


def _left_out(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    """A weight at a threshold is in none of the bands, and perhaps in no share."""
    kept = [
        [t[(t.double().abs() != small) & (t.double().abs() != large)] for t in block]
        for block in blocks
    ]
    return _bands(kept, small, large)


def _undivided(blocks: "list[list[Tensor]]", small: float, large: float) -> "Tensor":
    """The counts of an empty block are divided by 0."""
    rows = _table([_band_counts(block, small, large) for block in blocks])
    return rows / rows.sum(1, keepdim=True)


_MISTAKES = (
    Mistake(
        "mean over the tensors",
        "a large matrix counts more than a small one: add up weights, not shares",
        _mean_of_tensors,
    ),
    Mistake(
        "only the last tensor",
        "the counts of a block's earlier tensors are lost: add to what there is",
        _last_tensor,
    ),
    *(
        Mistake(
            "bands that overlap",
            "a weight below the lower threshold is in the first band only",
            answer,
        )
        for answer in (_cumulative, _overlapping)
    ),
    Mistake(
        "divided by the columns",
        "the sum of a row is the number of weights of its block: that is dim=1",
        _by_columns,
    ),
    Mistake(
        "shares of the whole model",
        "each block is divided by its own number of weights, so that its row adds up to 1",
        _of_the_model,
    ),
    Mistake(
        "signed compare",
        "a large negative weight is not small; compare |w|",
        lambda blocks, small, large: _divided(
            [_band_counts(block, small, large, signed=True) for block in blocks]
        ),
    ),
    Mistake(
        "bands closed on the right",
        "a weight as large as a threshold belongs to the band above it",
        lambda blocks, small, large: _divided(
            [_band_counts(block, small, large, closed=True) for block in blocks]
        ),
    ),
    Mistake(
        "weights in no band",
        "a weight as large as a threshold belongs to the band above it: >= there, and < below",
        _left_out,
    ),
    Mistake(
        "0/0",
        "a block without weights has the shares 0, 0, 0; the docstring says so",
        _undivided,
        error="ZeroDivisionError",
    ),
    Mistake(
        "rows and columns swapped",
        "there is one row for each block and one column for each band",
        lambda blocks, small, large: _bands(blocks, small, large).T,
    ),
    Mistake(
        "percent",
        "a share runs from 0 to 1",
        lambda blocks, small, large: 100 * _bands(blocks, small, large),
    ),
    Mistake(
        "counts for shares",
        "each count still has to be divided by the number of weights of its block",
        lambda blocks, small, large: _table(
            [_band_counts(block, small, large) for block in blocks]
        ),
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `band_shares(blocks, small, large)`."""
    import torch

    draws = Draws(draw)
    number = draws.random.randint

    def between() -> tuple[float, float]:
        """Thresholds between multiples of 1/8: no weight is equal to one."""
        return (number(4, 10) + 0.5) / 8, (number(16, 26) + 0.5) / 8

    def drawn(*shape: int) -> "Tensor":
        return as_tensor(draws.eighths(math.prod(shape)), *shape)

    def block(*counts: int) -> "list[Tensor]":
        """A small tensor of large weights, some negative, and larger tensors of any weights."""
        return [as_tensor([-5.0, 4.75, -4.5]), *(drawn(2, count) for count in counts)]

    def one(blocks: "list[list[Tensor]]", limits: tuple[float, float], note: str = "") -> Case:
        sizes = "; ".join(
            ", ".join(str(tuple(t.shape)) for t in block) or "no tensor" for block in blocks
        )
        shown = f"blocks of tensors {sizes or 'none'}, {limits[0]:g}, {limits[1]:g}"
        return Case((blocks, *limits), _bands(blocks, *limits), note, shown=shown)

    def next_to(kind: "torch.dtype", limit: float) -> "Tensor":
        return draws.around(kind, limit)[0]

    kinds = (torch.float32, torch.float16, torch.bfloat16)
    low, high, twin = (2.0**-21, 2.0**-19), (2.0**10, 2.0**14), drawn(2, 3)

    # So many weights in a band that no short type of number counts them.
    many = drawn(300, 250).fmod(1)

    def shared(whole: "Tensor") -> "list[Tensor]":
        return [whole, whole[:2], drawn(7), whole.t()]

    def tied() -> "list[Tensor]":
        """Weights that are as large as a threshold, among others."""
        return [
            as_tensor([0.5, -0.5, 2.0, -2.0, *draws.eighths(number(4, 8), top=30)]),
            drawn(3, 4),
        ]

    return {
        "shares of each block": [
            one([block(4, 7), block(6), block(3, 5)], between()),
            one([block(number(4, 9)) for _ in range(number(11, 13))], between(), "many blocks"),
        ],
        "weights at a threshold": [
            one([tied(), tied()], (0.5, 2.0)),
            one([[torch.full((3,), -0.5)], [torch.full((2, 2), 2.0)]], (0.5, 2.0)),
            *(one([[next_to(kind, 0.5)], [next_to(kind, 2.0)]], (0.5, 2.0)) for kind in kinds),
            one([[next_to(torch.float32, t) for t in low]], low, "next to tiny thresholds"),
            one([[next_to(torch.float16, t) for t in low]], low, "next to tiny thresholds"),
            one([[next_to(torch.float32, t)] for t in high], high, "next to large thresholds"),
            # In the dtype of the first tensor the last ones are all alike.
            one([[next_to(kind, 0.5) for kind in kinds[::-1]]], (0.5, 2.0), "mixed"),
        ],
        "extremes": [
            one([], (0.5, 2.0), "no blocks"),
            one([block(3), [], [torch.zeros(0)]], between(), "blocks without weights"),
            one([[torch.zeros(3), as_tensor([-0.0])], [torch.full((4,), -9.0)]], between()),
            one([[as_tensor([0.75])]], (0.5, 2.0), "one weight"),
            one([[torch.tensor(-0.75), drawn(3)]], (0.5, 2.0), "no dimension"),
            one([[twin, drawn(7), twin.clone()]], (0.5, 2.0), "two equal tensors"),
            one([[drawn(5)], [as_tensor([1e-30, -1e30, 1e-42])]], (1, 2), "whole numbers"),
        ],
        "strides and dtypes": [
            one([[drawn(5, 8).t()], [drawn(4, 10)[:, ::2]]], between(), "not contiguous"),
            one([[drawn(37, 29).half(), drawn(8).bfloat16()], [drawn(9)]], between(), "mixed"),
            *(
                one([[many.half()], [many.bfloat16(), many]], limits, "many weights")
                for limits in ((0.9375, 2.0), (0.0625, 2.0), (0.015625, 0.0625))
            ),
            one([shared(drawn(6, 7))], between(), "three in one memory"),
        ],
    }


TASK = Exercise(
    id="weights.bands",
    title="Bands of size by block",
    objective=(
        "Compare the blocks of a model by how many of their weights are small, medium and large."
    ),
    function="band_shares",
    cases=_cases,
    mistakes=_MISTAKES,
    points=5,
    minutes=15,
    difficulty=2,
)
