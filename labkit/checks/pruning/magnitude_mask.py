"""The exercise `pruning.magnitude_mask`: an exact number of zeros in one tensor.

Its text promises finite numbers of three dtypes, in any shape (none, no entries) and with any
strides, ties of any number among them, and a sparsity whose product with their number may lie
anywhere.
"""

import math
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.mask_cases import Case
from labkit.checks.pruning.draws import (
    COUNTS,
    HUGE,
    SUBNORMAL,
    Draws,
    as_tensor,
    consecutive,
    ends,
    tiny,
    wide,
)
from labkit.checks.pruning.mask_mistakes import MISTAKES

if TYPE_CHECKING:
    from torch import Tensor


def _cases(draw: Random) -> Groups:
    """Inputs of `magnitude_mask(weight, sparsity)`."""
    import torch

    draws = Draws(draw)

    def one(weight: "Tensor", sparsity: float, note: str = "", count_only: bool = False) -> Case:
        return Case({"": weight}, sparsity, note, alone=True, count_only=count_only)

    def counted(count: int, sparsity: float) -> Case:
        return one(as_tensor(draws.distinct(count)), sparsity, count_only=True)

    def plain(*shape: int) -> "Tensor":
        return as_tensor(draws.distinct(math.prod(shape)), shape)

    kinds = (torch.float32, torch.float16, torch.bfloat16)
    return {
        "the smallest |w| are pruned": [
            one(plain(4), 0.25),
            one(plain(4, 5), 0.25),
            one(plain(6, 8), 0.75),
            one(plain(2, 3, 4), 0.5),
            one(plain(2, 3, 4), 0.5, "other numbers in the same shape"),
        ],
        "exact count": [
            counted(*draws.inexact(upward=True)),
            counted(*draws.inexact(upward=False)),
            *(counted(*count) for count in COUNTS),
        ],
        "ties by index": [
            one(torch.full((6,), 0.5), 0.5, "all equal"),
            one(as_tensor(draws.tied(20), (4, 5)), 0.4, "many ties"),
            one(as_tensor(draws.tied(24), (6, 4)), 0.75, "many ties"),
            *(one(w, 0.6, "many ties, transposed") for w in draws.tied_transposed().values()),
            one(as_tensor(draws.zeros(8), (4, 4)), 0.25, "half of it 0.0 and -0.0"),
            one(torch.zeros(3, 4), 0.5, "all zeros"),
            # A sort that is not stable may look so on a short row.
            *(one(torch.full((40, 50), -0.5).to(kind), 0.3, "all equal") for kind in kinds),
            *(one(as_tensor(draws.tied(900)).to(kind), 0.4, "many ties") for kind in kinds),
            one(as_tensor(draws.zeros(300)), 0.25, "half of it 0.0 and -0.0"),
        ],
        "extremes": [
            one(torch.zeros(0), 0.5, "empty"),
            one(torch.zeros(3, 0), 1.0, "empty"),
            one(as_tensor([-0.5]), 0.0),
            one(as_tensor([-0.5]), 1.0),
            one(torch.tensor(-0.5), 0.25, "no dimension"),
            one(torch.tensor(-0.5), 0.75, "no dimension"),
            one(plain(3, 4), 0.0),
            one(plain(3, 4), 1.0),
            one(plain(4, 5), 0.05, "one zero"),
            one(plain(4, 5), 0.95, "one weight left"),
        ],
        "strides and dtypes": [
            one(plain(5, 8).t(), 0.25, "transposed"),
            one(plain(4, 10)[:, ::2], 0.25, "every second column of a matrix"),
            one(plain(2, 3, 4).permute(2, 0, 1), 0.75, "permuted"),
            one(plain(4, 1).expand(4, 3), 0.5, "one column repeated"),
            one(plain(4, 6).to(torch.float16), 0.25),
            one(plain(4, 6).to(torch.bfloat16), 0.75),
            one(tiny(plain(4, 6)).to(torch.float16), 0.25, "tiny values"),
            one(consecutive(plain(4, 6)), 0.5, "neighbours in float32"),
            one(consecutive(plain(4, 6), SUBNORMAL), 0.5, "the smallest numbers"),
            one(consecutive(plain(4, 6), HUGE), 0.5, "the largest numbers"),
            one(wide(plain(4, 6), 8), 0.75, "tiny and huge numbers"),
            *(one(ends(plain(4, 6), 24, kind), 0.25, "the smallest numbers") for kind in kinds[1:]),
            *(one(ends(plain(4, 6), 24, kind), 0.75, "the largest numbers") for kind in kinds[1:]),
        ],
    }


TASK = Exercise(
    id="pruning.magnitude_mask",
    title="The mask of one tensor",
    points=6,
    minutes=15,
    difficulty=1,
    objective="Prune an exact number of the smallest weights of one tensor.",
    function="magnitude_mask",
    cases=_cases,
    mistakes=MISTAKES,
    form="a bool mask, input kept",
    forbids=("torch.nn.utils.prune", "torch.ao.pruning"),
)
