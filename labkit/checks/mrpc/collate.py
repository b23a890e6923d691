"""The exercise `mrpc.collate`: rows of token ids of different lengths into one batch.

Its text promises any number of rows of any lengths, without tokens or with thousands, any id for
tokens and padding that an int64 holds.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor

_FIXED = (16, 32, 64, 128, 256, 512, 1024)

Rows = list[list[int]]
Batch = dict[str, "Tensor"]


def _batch(rows: Rows, pad_id: int, width: int | None = None, left: bool = False) -> Batch:
    """The batch, `width` tokens wide where one is given; longer rows are cut."""
    import numpy as np
    import torch

    width = max(map(len, rows), default=0) if width is None else width
    ids = np.full((len(rows), width), pad_id, dtype=np.int64)
    mask = np.zeros((len(rows), width), dtype=np.int64)
    for number, row in enumerate(rows):
        kept = row[:width]
        start = width - len(kept) if left else 0
        ids[number, start : start + len(kept)] = kept
        mask[number, start : start + len(kept)] = 1
    return {"input_ids": torch.from_numpy(ids), "attention_mask": torch.from_numpy(mask)}


def _other_mask(rows: Rows, pad_id: int, kind: str) -> Batch:
    batch = _batch(rows, pad_id)
    ids, mask = batch.values()
    masks = {"ids": (ids != pad_id).long(), "inverted": 1 - mask, "bool": mask.bool()}
    return {"input_ids": ids, "attention_mask": masks[kind]}


def _left_ids(rows: Rows, pad_id: int) -> Batch:
    return _batch(rows, pad_id) | {"input_ids": _batch(rows, pad_id, left=True)["input_ids"]}


_MISTAKES = (
    Mistake(
        "pad id 0",
        "models differ in the id of their padding (RoBERTa has 1): fill with pad_id",
        lambda rows, pad_id: _batch(rows, 0),
    ),
    Mistake(
        "a mask made from the ids",
        "the padding id may be a token of the text as well; the mask follows from the lengths",
        lambda rows, pad_id: _other_mask(rows, pad_id, "ids"),
    ),
    *(
        Mistake(
            "left padding",
            "the tokens of a row come first and the padding after them",
            answer,
        )
        for answer in (lambda rows, pad_id: _batch(rows, pad_id, left=True), _left_ids)
    ),
    *(
        Mistake(
            "padded to a fixed length",
            "a batch is as wide as its longest row; anything more is computed for nothing",
            lambda rows, pad_id, width=width: _batch(rows, pad_id, width),
        )
        for width in _FIXED
    ),
    Mistake(
        "cut to the shortest",
        "no token may be lost: the batch is as wide as its longest row",
        lambda rows, pad_id: _batch(rows, pad_id, min(map(len, rows), default=0)),
    ),
    Mistake(
        "mask inverted",
        "the attention mask is 1 at tokens and 0 at padding",
        lambda rows, pad_id: _other_mask(rows, pad_id, "inverted"),
    ),
    Mistake(
        "a mask of True and False",
        "the mask is asked for as int64, 1 and 0",
        lambda rows, pad_id: _other_mask(rows, pad_id, "bool"),
    ),
    Mistake("no rows", "max() needs a default where there are no rows", error="max()"),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `collate(rows, pad_id)`."""

    def row(length: int) -> list[int]:
        return [draw.randint(10, 90) for _ in range(length)]

    def rows(count: int) -> Rows:
        """Rows of which no two are equally long, in any order."""
        return [row(length) for length in draw.sample(range(2, 9), count)]

    def marked(count: int, pad_id: int) -> Rows:
        """Rows with the padding id at their end, as GPT-2's end token, and inside."""
        return [[*row(1), pad_id, *part, pad_id] for part in rows(count)]

    def one(rows: Rows, pad_id: int, note: str = "") -> Case:
        # Whole, so that the student can try it again, or by its lengths.
        shown = f"{rows}" if len(f"{rows}") <= 100 else f"rows of {list(map(len, rows))} tokens"
        return Case((rows, pad_id), _batch(rows, pad_id), note, shown=f"{shown}, {pad_id}")

    end = draw.randint(100, 199)
    return {
        "padded on the right to the longest": [
            one(rows(2), draw.randint(1, 9)),
            one(rows(3), draw.randint(1, 9)),
            one(rows(5), 50_256),
        ],
        "the mask comes from lengths": [
            one(marked(2, end), end, "the padding id is a token too"),
            one(marked(4, end + 1), end + 1, "the padding id is a token too"),
            one([[end] * 2, [end] * 5], end, "every token is the padding id"),
        ],
        "extremes": [
            one([], 1, "no rows"),
            one([[], row(3)], 1, "a row without tokens"),
            one([[], []], 1, "no tokens at all"),
            one([row(4)], 1, "one row"),
            one([row(3), row(3)], 1, "nothing to pad"),
            one(rows(2), 0),
            one([[0, 0], [0], [3, 0, 0]], 0, "0 is the padding and a token"),
            one([], 0, "no rows"),
            one([[], [2**53 + 1, 2**24 + 1], []], 7, "no tokens first, large ids"),
        ],
        "long rows, many rows, large ids": [
            one([row(3), row(1100), row(257)], 1),
            one([row(1 + at % 5) for at in range(300)], 2, "300 rows"),
            one([[2**24 + 1, 70_000], [2**31 + 7], [5, 2**40 + 1, 300]], 2**33 + 1, "large ids"),
        ],
    }


TASK = Exercise(
    id="mrpc.collate",
    title="A batch of rows",
    objective="Put rows of different lengths into one batch, with a mask that tells the padding.",
    function="collate",
    cases=_cases,
    mistakes=_MISTAKES,
    points=4,
    minutes=15,
    difficulty=1,
)
