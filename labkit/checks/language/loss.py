"""The exercise `language.loss`: the loss of a causal language model on a padded batch.

Its text promises padding before and behind the tokens of a row and rows of padding alone, any ids,
logits of three dtypes, however far apart, from one row, one place and a vocabulary of one on.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.value_cases import Case
from labkit.checks.language.loss_answers import MISTAKES, token_loss

if TYPE_CHECKING:
    from torch import Tensor

    Batch = tuple["Tensor", "Tensor", "Tensor"]


class _Draws:
    """Batches drawn from a seed, such that each misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        import torch

        self.random = draw
        self._generator = torch.Generator(device="cpu").manual_seed(draw.randrange(2**31))

    def batch(
        self,
        rows: list[tuple[int, int, int]],
        words: int,
        spread: float = 2.0,
        padding: int | None = None,
    ) -> "Batch":
        """Rows of so much padding, so many tokens and so much padding; logits of that spread.

        The id of the padding is drawn, and stands among the tokens as well.
        """
        import torch

        length = sum(rows[0])
        ids = torch.randint(words, (len(rows), length), generator=self._generator)
        padding = self.random.randrange(words) if padding is None else padding
        mask = torch.zeros(len(rows), length, dtype=torch.int64)
        for i, (before, tokens, _) in enumerate(rows):
            mask[i, before : before + tokens] = 1
            if tokens > 2:
                ids[i, before + self.random.randrange(1, tokens)] = padding
        ids[mask == 0] = padding
        logits = torch.randn(len(rows), length, words, generator=self._generator) * spread
        return logits, ids, mask

    def rows(self, count: int, length: int, before: bool, behind: bool) -> list:
        """Rows of several lengths, the first of them full, with padding on the sides named."""
        found = [(0, length, 0)]
        for _ in range(count - 1):
            pads = self.random.randint(1 + (before and behind), length - 2)
            left = self.random.randint(1, pads - 1) if before and behind else pads * before
            found.append((left, length - pads, pads - left))
        return found


def _cases(draw: Random) -> Groups:
    """Inputs of `token_loss(logits, input_ids, attention_mask)`."""
    import torch

    draws = _Draws(draw)
    number = draw.randint

    def case(batch: "Batch", note: str = "") -> Case:
        logits, _, mask = batch
        kind = str(logits.dtype).removeprefix("torch.")
        shown = f"{kind} logits of shape {tuple(logits.shape)}, {int(mask.sum())} tokens of "
        shown += f"{mask.numel()} places"
        # As precise as float32 is.
        return Case(batch, token_loss(*batch), note, rtol=2e-5, atol=1e-6, shown=shown)

    def cast(batch: "Batch", dtype: torch.dtype) -> "Batch":
        return batch[0].to(dtype), *batch[1:]

    def sides(before: bool, behind: bool, note: str, padding: int | None = None) -> Case:
        rows = draws.rows(number(3, 5), number(6, 9), before, behind)
        return case(draws.batch(rows, number(8, 14), padding=padding), note)

    full, empty = [(0, 7, 0)], (0, 0, 7)
    mixed = [(0, 7, 0), (7, 0, 0), (2, 4, 1), (0, 2, 5), (6, 1, 0), (3, 4, 0)]
    draw.shuffle(mixed)
    wide, ids, mask = draws.batch(draws.rows(4, 7, False, True), 9)
    turned = wide.transpose(0, 1).contiguous().transpose(0, 1), ids.t().contiguous().t(), mask
    skipped = draws.batch(draws.rows(3, 8, True, False), 20)
    large = draws.batch(draws.rows(3, 7, False, True), 9)
    half, nearly = torch.float16, torch.bfloat16
    return {
        "each token predicted from those before it": [
            case(draws.batch([(0, number(6, 9), 0)], number(8, 12)), "one row"),
            case(draws.batch(full * number(3, 5), number(8, 12)), "rows of one length"),
            case(draws.batch([(0, 33, 0)] * 20, 300), "a larger batch"),
            case(draws.batch([(0, 38, 0)] * (1001 + 2 * number(0, 9)), 2), "many rows"),
        ],
        "padding behind the text": [
            sides(False, True, "", 0),
            sides(False, True, ""),
            case(draws.batch([(0, 5, 0), (0, 2, 3), (0, 1, 4)], 6), "a row of one token"),
        ],
        "padding before the text": [
            sides(True, False, "", 0),
            sides(True, False, ""),
            case(draws.batch([(0, 5, 0), (3, 2, 0), (4, 1, 0)], 6), "a row of one token"),
        ],
        "padding on both sides, and rows of padding": [
            sides(True, True, ""),
            case(draws.batch(mixed, number(8, 12)), "padding on each side, one row has no token"),
            case(draws.batch([empty, (1, 4, 2), empty], 9), "two rows have no token"),
        ],
        "small": [
            case(draws.batch(full * 2, 1), "a vocabulary of one"),
            case(draws.batch([(0, 2, 0)], number(3, 6)), "two tokens"),
            case(draws.batch([(1, 2, 1), (1, 1, 2)], 2), "one prediction"),
            case(draws.batch([(0, 4, 0), (1, 3, 0)], 4_000), "thousands of tokens"),
        ],
        "nothing to predict": [
            case(draws.batch([(0, 1, 0)] * number(1, 4), 5), "rows of one place"),
            case(draws.batch([(0, 1, 3), (3, 1, 0), (2, 1, 1)], 5), "rows of one token"),
            case(draws.batch([empty] * number(1, 3), 5), "no tokens"),
        ],
        "logits far apart": [
            case(draws.batch(draws.rows(4, 7, False, True), 9, 400.0)),
            case(draws.batch(draws.rows(4, 7, True, False), 9, 60.0)),
            case((large[0] + 3000, *large[1:]), "all logits large"),
            case(cast(draws.batch(draws.rows(3, 7, True, True), 9, 9000.0), half), "float16"),
        ],
        "dtypes and strides": [
            case(cast(draws.batch(draws.rows(4, 7, False, True), 12), half), "float16"),
            case(cast(draws.batch(draws.rows(4, 7, True, False), 12), nearly), "bfloat16"),
            case(turned, "stored column by column"),
            case((skipped[0][..., ::2], skipped[1] // 2, skipped[2]), "every second logit"),
        ],
    }


TASK = Exercise(
    id="language.loss",
    title="The loss of a batch of text",
    function="token_loss",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Score each token by what was predicted before it, and padding not at all.",
    cases=_cases,
    mistakes=MISTAKES,
    forbids=("transformers",),
)
