"""The exercise `language.interval`: a block bootstrap of the mean loss.

Its text promises any number of tokens, block lengths and resamples from one on, blocks that do not
divide the tokens or hold all of them, and any strides.
"""

import math
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.value_cases import Case
from labkit.checks.language.interval_answers import MISTAKES, block_interval

if TYPE_CHECKING:
    from torch import Tensor


class _Draws:
    """Losses and resamples drawn from a seed, such that each misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def losses(self, tokens: int, run: int = 5) -> "Tensor":
        """Losses in runs of alike ones, as an easy sentence and a hard one make them."""
        import torch

        found: list[float] = []
        while len(found) < tokens:
            level = self.random.uniform(0.5, 6)
            found += [level * self.random.uniform(0.6, 1.4) for _ in range(run)]
        return torch.tensor(found[:tokens], dtype=torch.float32, device="cpu")

    def draws(self, tokens: int, size: int, resamples: int, each: int | None = None) -> "Tensor":
        """Numbers of blocks: the last one is in the first resample."""
        import torch

        count = math.ceil(tokens / size)
        each = each or count
        rows = [[self.random.randrange(count) for _ in range(each)] for _ in range(resamples)]
        rows[0][self.random.randrange(each)] = count - 1
        return torch.tensor(rows, dtype=torch.int64, device="cpu")


def _cases(draw: Random) -> Groups:
    """Inputs of `block_interval(losses, size, draws)`."""
    import torch

    draws = _Draws(draw)
    number = draw.randint

    def case(losses: "Tensor", size: int, indices: "Tensor", note: str = "") -> Case:
        given = (losses, size, indices)
        shown = f"losses of {len(losses)} tokens, blocks of {size}, draws {tuple(indices.shape)}"
        # Sums in float32 are good enough.
        return Case(given, block_interval(*given), note, rtol=2e-5, atol=1e-6, shown=shown)

    def one(
        tokens: int, size: int, resamples: int, note: str = "", each: int | None = None
    ) -> Case:
        indices = draws.draws(tokens, size, resamples, each)
        return case(draws.losses(tokens), size, indices, note)

    def divided(blocks: int, resamples: int) -> Case:
        size = number(4, 7)
        return one(blocks * size, size, resamples, "blocks of one length")

    def rest(blocks: int, resamples: int) -> Case:
        size = number(6, 9)
        return one(blocks * size + number(1, 2), size, resamples, "a short last block")

    few = number(50, 70)
    wide = torch.stack([draws.losses(few), draws.losses(few)], dim=1)
    indices = draws.draws(few, 7, 30)
    tokens = draws.losses(number(300, 400)).repeat_interleave(120)
    return {
        "blocks of one length": [divided(number(8, 12), 90), divided(5, 41), divided(20, 57)],
        "a shorter last block": [rest(number(4, 6), 60), rest(2, 25), rest(number(9, 12), 90)],
        "between two resamples": [divided(6, 2), rest(4, number(5, 8)), rest(3, number(10, 13))],
        "any size of block and of resample": [
            one(number(20, 30), 1, 40, "blocks of one token"),
            one(number(20, 30), 4, 30, "resamples of one block", each=1),
            one(number(20, 30), 6, 30, "resamples of more blocks than there are", each=9),
            one(number(9, 14), 40, 7, "one block, longer than the text"),
            one(2, 1, 3, "two tokens"),
            one(1, number(1, 5), 2, "one token"),
            one(number(30, 40), 8, 1, "one resample"),
        ],
        "many tokens and resamples": [
            one(number(4000, 4500), 128, 300),
            one(number(200, 300), 16, 1200, "more than 1000 resamples"),
            case(tokens, 2049, draws.draws(len(tokens), 2049, 30), "blocks of thousands"),
            case(tokens, 3, draws.draws(len(tokens), 3, 40, each=5), "small blocks of a long text"),
        ],
        "strides": [
            case(wide[:, 0], 7, indices, "a column of a matrix"),
            case(wide[:, 1].contiguous(), 7, indices.t().contiguous().t(), "draws by columns"),
        ],
    }


TASK = Exercise(
    id="language.interval",
    title="A block bootstrap",
    function="block_interval",
    points=5,
    minutes=20,
    difficulty=2,
    objective="Say how far a mean loss can be trusted whose tokens depend on each other.",
    cases=_cases,
    mistakes=MISTAKES,
    forbids=("scipy.stats",),
)
