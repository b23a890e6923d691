"""The exercise `weights.histogram`: one histogram over many tensors.

Its text promises finite numbers of three dtypes, also mixed, in any shapes and with any strides, in
a list or an iterator, fewer than 2**24 in all; and edges at any distances, from one bin on.
"""

import math
from collections.abc import Iterable
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.trial import Failure
from labkit.checks.engine.value_cases import Case
from labkit.checks.lent.stream import Stream
from labkit.checks.weights.draws import Draws, as_tensor
from labkit.checks.weights.millions import counted

if TYPE_CHECKING:
    from torch import Tensor

_KEPT = "were still in memory when the last one had been read"


# Eleven primes whose sum is a prime, as `Stream` wants them.
_SIZES = (307, 311, 313, 317, 331, 337, 347, 349, 353, 359, 367)


def _histogram(tensors: "Iterable[Tensor]", edges: "Tensor") -> "Tensor":
    import numpy as np
    import torch

    total = torch.zeros(len(edges) - 1, dtype=torch.int64)
    for tensor in tensors:
        counts, _ = np.histogram(tensor.double().numpy(), edges.double().numpy())
        total += torch.from_numpy(counts.astype(np.int64))
    return total


def _places(
    tensors: "list[Tensor]",
    edges: "Tensor",
    right: bool = True,
    clamp: bool = False,
    first: bool = False,
) -> "Tensor":
    """Counts by place among the edges: bins open on the right (or left), the last one as well.

    `first` adds the weights on the first edge to the first bin.
    """
    import torch

    total = torch.zeros(len(edges) - 1, dtype=torch.int64)
    for tensor in tensors:
        place = torch.bucketize(tensor.double().flatten(), edges, right=right) - 1
        if clamp:
            last = tensor.double().flatten() == edges[-1]
            place = (place - last.long()).clamp(0, len(total) - 1)
        if first:
            place += (tensor.double().flatten() == edges[0]).long()
        inside = (place >= 0) & (place < len(total))
        total += torch.bincount(place[inside], minlength=len(total))
    return total


def _shifted(tensors: "list[Tensor]", edges: "Tensor", right: bool) -> "Tensor":
    """The number of edges below (or at) a weight is taken for the place of its bin."""
    import torch

    total = torch.zeros(len(edges) - 1, dtype=torch.int64)
    for tensor in tensors:
        values = tensor.double().flatten()
        values = values[(values >= edges[0]) & (values <= edges[-1])]
        places = torch.bucketize(values, edges, right=right)
        total += torch.bincount(places, minlength=len(total))[: len(total)]
    return total


def _own_edges(tensors: "list[Tensor]", edges: "Tensor") -> "Tensor":
    """Each tensor is counted in equal bins between its own minimum and maximum."""
    import numpy as np
    import torch

    counts = [np.histogram(tensor.double().numpy(), len(edges) - 1)[0] for tensor in tensors]
    return torch.from_numpy(sum(counts).astype(np.int64))


def _equal_widths(tensors: "list[Tensor]", edges: "Tensor") -> "Tensor":
    low, high, bins = float(edges[0]), float(edges[-1]), len(edges) - 1
    return sum(tensor.double().histc(bins, low, high) for tensor in tensors).long()


def _nothing_left(tensors: "Iterable[Tensor]", edges: "Tensor") -> "Tensor":
    """What is counted after a first loop has used the iterator up."""
    if not isinstance(tensors, Stream):
        raise TypeError("a list can be read twice")
    return _histogram([], edges)


_MISTAKES = (
    Mistake(
        "only the last tensor",
        "the counts of the earlier tensors are lost: add to what there is",
        lambda tensors, edges: _histogram(tensors[-1:], edges),
    ),
    *(
        Mistake(
            "densities for counts",
            "a count is a whole number; it is divided neither by the number of weights nor by the "
            "width of the bin",
            answer,
        )
        for answer in (
            lambda tensors, edges: _histogram(tensors, edges) / _histogram(tensors, edges).sum(),
            lambda tensors, edges: (
                _histogram(tensors, edges) / _histogram(tensors, edges).sum() / edges.diff()
            ),
        )
    ),
    Mistake(
        "last bin open",
        "a weight equal to the last edge belongs to the last bin",
        _places,
    ),
    *(
        Mistake(
            "bins closed on the right",
            "a weight equal to an inner edge belongs to the bin above it; bucketize puts it there "
            "with right=True",
            answer,
        )
        for answer in (
            lambda tensors, edges: _places(tensors, edges, right=False),
            lambda tensors, edges: _places(tensors, edges, right=False, first=True),
        )
    ),
    Mistake(
        "place -1",
        "a weight below the first edge gets the place -1, which is no bin; without right=True "
        "bucketize gives it to a weight on the first edge too",
        error="bincount only supports",
    ),
    *(
        Mistake(
            "edges below for the bin",
            "bucketize counts the edges below a weight: one edge below it is bin 0, so subtract 1",
            lambda tensors, edges, right=right: _shifted(tensors, edges, right),
        )
        for right in (True, False)
    ),
    Mistake(
        "outliers in the outer bins",
        "weights below the first edge or above the last one are not counted",
        lambda tensors, edges: _places(tensors, edges, clamp=True),
    ),
    Mistake(
        "edges of each tensor",
        "the given edges hold for all tensors; counts over other bins cannot be added",
        _own_edges,
    ),
    Mistake(
        "bins of equal width",
        "the edges may lie at any distance; histc knows the first and the last only",
        _equal_widths,
    ),
    Mistake(
        "edges rounded",
        "in float32 or less an edge moves, perhaps past a weight; compare in float64",
        lambda tensors, edges: _histogram(tensors, edges.float()),
    ),
    Mistake(
        "tensors kept",
        "a list of all tensors, or one row of all, needs as much memory as all: count a tensor "
        "before you ask for the next, and keep only its counts",
        error=_KEPT,
    ),
    Mistake(
        "read twice",
        "an iterator gives each tensor once: nothing is left for a second loop",
        _nothing_left,
    ),
    Mistake(
        "an iterator taken for a list",
        "it has no length and no places, and gives each tensor once: go through it with for",
        error="Stream",
    ),
    Mistake(
        "float counts",
        "counts are whole numbers: return int64",
        lambda tensors, edges: _histogram(tensors, edges).to(tensors[0].dtype),
    ),
)


def _let_go(counts: Any, arguments: tuple) -> Any:
    """The counts, if no more than two tensors of the stream are left: the last, one before it."""
    stream = arguments[0]
    if stream.kept > 2:
        raise Failure(f"{stream.kept} of {len(stream.sizes)} tensors {_KEPT}")
    return counts


def _cases(draw: Random) -> Groups:
    """Inputs of `streaming_histogram(tensors, edges)`."""
    import torch

    draws = Draws(draw)

    def edges(bins: int, shift: float = 0.0) -> "Tensor":
        """Edges at different distances from about -4 to 4, multiples of 1/8 plus `shift`."""
        inner = sorted(draws.random.sample([n for n in range(-28, 29) if n], bins - 1))
        return torch.tensor([-32, *inner, 32], dtype=torch.float64) / 8 + shift

    def inside(*shape: int) -> "Tensor":
        """Weights within the edges; a shift keeps them away from each edge."""
        return as_tensor(draws.eighths(math.prod(shape), top=30), *shape)

    def on(places: "Tensor", *counts: int) -> "list[Tensor]":
        """Tensors of weights each of which is equal to an edge, also to the first and the last."""
        values = places.tolist()
        return [as_tensor(values + draws.random.choices(values, k=count)) for count in counts]

    def one(tensors: "list[Tensor]", places: "Tensor", note: str = "") -> Case:
        sizes = ", ".join(str(tuple(tensor.shape)) for tensor in tensors)
        shown = f"[tensors of shapes {sizes}], {len(places)} edges"
        if sum(tensor.numel() for tensor in tensors) <= 4 and len(places) <= 6:
            shown = ""
        return Case((tensors, places), _histogram(tensors, places), note, shown=shown)

    def streamed(places: "Tensor") -> Case:
        seed, sizes = draws.random.randrange(2**31), draws.random.sample(_SIZES, len(_SIZES))
        stream, again = (Stream(seed, sizes) for _ in range(2))
        shown = f"an iterator over {len(sizes)} tensors, {len(places)} edges"
        return Case((stream, places), _histogram(again, places), shown=shown, look=_let_go)

    def next_to(kind: "torch.dtype", edge: float) -> "Tensor":
        return draws.around(kind, edge)[0]

    away = 1 / 16
    kinds = (torch.float32, torch.float16, torch.bfloat16)
    many = inside(300, 250).fmod(1)
    halves, tiny = as_tensor([-2.0, -0.5, 0.5, 2.0]).double(), (2.0**-140, 2.0**-27)
    near_zero = as_tensor([1e-45, -1e-45, 1e-30, -1e-30, 0.0, -0.0, 1e-9, -1e-9, -1e-9])
    huge = torch.tensor([-1e40, -1.5e37, 5.0, 5e36, 2e37, 1e40], dtype=torch.float64)
    narrowest = draws.around(torch.float32)[0]
    sharp = torch.tensor([-0.9, -0.3, 0.1, 0.7], dtype=torch.float64)
    # Rounded to float32 the first edge moves down and the last one up, onto weights outside.
    sharper = torch.tensor([-0.3, 0.05, 0.1], dtype=torch.float64)
    narrow = edges(4)
    far = [inside(3, 4), as_tensor([-9.0, 50.0, 4.5, -4.25]), inside(5)]
    return {
        "counts over all tensors": [
            one([inside(4, 5), inside(12), inside(2, 3, 4)], edges(4, away)),
            one([inside(9), inside(7, 5)], edges(7, away)),
        ],
        "weights on the edges": [
            one(on(narrow, 3, 9), narrow),
            *(one([next_to(kind, at) for at in (0.5, 2.0)], halves) for kind in kinds),
            one([next_to(torch.float32, t) for t in tiny], torch.tensor([-1.0, *tiny]).double()),
            one([narrowest], narrowest.double().unique(), "edges that are neighbours in float32"),
            one([as_tensor([1.0, 2.0, 2.0])], as_tensor([0.0, 1.0, 2.0]).double(), "last edge"),
            one([near_zero], as_tensor([-1.0, 0.0, 1.0]).double(), "the smallest numbers"),
        ],
        "weights outside are left out": [
            one(far, edges(5, away)),
            one([as_tensor([-1.5, 0.5, 7.0])], as_tensor([-1.0, 0.0, 1.0]).double()),
        ],
        "extremes": [
            one([], as_tensor([-1.0, 0.0, 1.0]).double(), "no tensors"),
            one([torch.zeros(0), torch.zeros(2, 0), inside(6)], edges(3, away), "empty tensors"),
            one([as_tensor([0.0, -0.0]), torch.zeros(3, 4)], edges(3, away), "all zeros"),
            one([as_tensor([0.5])], as_tensor([0.0, 1.0]).double(), "one bin"),
            one([torch.tensor(0.5), inside(3)], edges(3, away), "no dimension"),
            one([near_zero * 1e30, inside(4) * 1e37], huge, "huge numbers"),
        ],
        "strides and dtypes": [
            one([inside(5, 8).t(), inside(4, 10)[:, ::2]], edges(6, away), "not contiguous"),
            one([many.to(kind) for kind in kinds], edges(2, 4 + away), "many"),
            one([inside(6, 8).half(), inside(8).bfloat16(), inside(9)], edges(5, away), "mixed"),
            # In float32 0.7 is below 0.7, and -0.3 and -0.9 are not what they are in float64.
            one([sharp.float(), sharp.float().reshape(2, 2)], sharp, "0.7 in float32 is below 0.7"),
            one([sharper.float(), inside(4)], sharper, "0.1 in float32 is above 0.1"),
        ],
        "one tensor at a time": [streamed(edges(4, away))],
    }


TASK = Exercise(
    id="weights.histogram",
    title="A histogram by streaming",
    objective="Count the weights of many tensors in the same bins, one tensor at a time.",
    function="streaming_histogram",
    cases=_cases,
    mistakes=_MISTAKES,
    more=counted,
    points=6,
    minutes=20,
    difficulty=2,
)
