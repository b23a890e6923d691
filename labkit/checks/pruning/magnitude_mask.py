"""The exercise `pruning.magnitude_mask`: an exact number of zeros in one tensor."""

import math
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.compare_masks import Case
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.pruning.draws import Draws, as_tensor, close, tiny
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

    return {
        "the smallest |w| are pruned": [
            one(plain(4), 0.25),
            one(plain(4, 5), 0.25),
            one(plain(6, 8), 0.75),
            one(plain(2, 3, 4), 0.5),
        ],
        "exact count": [
            counted(*draws.inexact(upward=True)),
            counted(*draws.inexact(upward=False)),
            counted(100, 0.29),
            counted(5, 0.5),
            counted(7, 0.5),
        ],
        "ties by index": [
            one(torch.full((6,), 0.5), 0.5, "all equal"),
            one(as_tensor(draws.tied(20), (4, 5)), 0.4, "many ties"),
            one(as_tensor(draws.tied(24), (6, 4)), 0.75, "many ties"),
            one(as_tensor(draws.zeros(8), (4, 4)), 0.25, "half of it 0.0 and -0.0"),
            one(torch.zeros(3, 4), 0.5, "all zeros"),
        ],
        "extremes": [
            one(torch.zeros(0), 0.5, "empty"),
            one(torch.zeros(3, 0), 1.0, "empty"),
            one(as_tensor([-0.5]), 0.0),
            one(as_tensor([-0.5]), 1.0),
            one(plain(3, 4), 0.0),
            one(plain(3, 4), 1.0),
            one(plain(4, 5), 0.05, "one zero"),
            one(plain(4, 5), 0.95, "one weight left"),
        ],
        "strides and dtypes": [
            one(plain(5, 8).t(), 0.25, "transposed"),
            one(plain(4, 10)[:, ::2], 0.25, "every second column of a matrix"),
            one(plain(2, 3, 4).permute(2, 0, 1), 0.75, "permuted"),
            one(plain(4, 6).to(torch.float16), 0.25),
            one(plain(4, 6).to(torch.bfloat16), 0.75),
            one(tiny(plain(4, 6)).to(torch.float16), 0.25, "tiny values"),
            one(close(plain(4, 6)), 0.5, "|w| close together"),
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
