"""Batches of the recipe: pairs as token ids with the slot, side and change of every token.

The batch of a step depends on (seed, stage, step) and on nothing else, so a run that goes on after
a break needs no position in a stream.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from labkit.mini.corpus import draw_training_pair
from labkit.mini.grammar import Pair, Span

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerFast

SLOTS: Final = ("agent", "patient", "number", "place", "day", "verb")
VERB: Final = SLOTS.index("verb") + 1


@dataclass(frozen=True)
class Batch:
    """B pairs of up to T tokens, padded on the right.

    `ids` and `mask` (int64, B x T) are the model's inputs; `slot` (int64, B x T) is 0 outside
    slots, else 1 + the index in `SLOTS`; `last` (bool, B x T) marks the last token of each slot;
    `side` (int64, B x T) is 1 or 2 for the tokens of a
    sentence and 0 for special tokens and padding; `changed` (bool, B x T) marks the tokens of
    differing slots; `labels` (int64, B).
    """

    ids: "Tensor"
    mask: "Tensor"
    slot: "Tensor"
    last: "Tensor"
    side: "Tensor"
    changed: "Tensor"
    labels: "Tensor"


def draw_pairs(
    rng: Random, size: int, weights: tuple[float, ...], *, positive_share: float
) -> list[Pair]:
    """`size` training pairs of which exactly the given share are paraphrases."""
    positives = round(size * positive_share)
    return [draw_training_pair(rng, 1 if i < positives else 0, weights) for i in range(size)]


def _slot_at(spans: Sequence[Span], length: int) -> list[str | None]:
    at: list[str | None] = [None] * length
    for start, end, slot in spans:
        at[start:end] = [slot] * (end - start)
    return at


def encode_pairs(tokenizer: "PreTrainedTokenizerFast", pairs: Sequence[Pair]) -> Batch:
    """`pairs` as a padded batch; padding has the model's padding id (GPT-2: end of text)."""
    import torch

    encoded = tokenizer(
        [pair.sentence1 for pair in pairs], [pair.sentence2 for pair in pairs]
    ).encodings
    length = max(len(row.ids) for row in encoded)
    pad = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    columns: dict[str, list] = {
        "ids": [],
        "mask": [],
        "slot": [],
        "last": [],
        "side": [],
        "changed": [],
    }
    for row, pair in zip(encoded, pairs, strict=True):
        where = (
            _slot_at(pair.spans1, len(pair.sentence1)),
            _slot_at(pair.spans2, len(pair.sentence2)),
        )
        ends = ({span[1] for span in pair.spans1}, {span[1] for span in pair.spans2})
        slots, last, sides, changed = [], [], [], []
        for sequence, (_, end) in zip(row.sequence_ids, row.offsets, strict=True):
            slot = None if sequence is None else where[sequence][end - 1]
            last.append(sequence is not None and end in ends[sequence])
            slots.append(0 if slot is None else 1 + SLOTS.index(slot))
            sides.append(0 if sequence is None else 1 + sequence)
            changed.append(slot in pair.changed)
        fill = length - len(row.ids)
        columns["ids"].append(row.ids + [pad] * fill)
        columns["mask"].append([1] * len(row.ids) + [0] * fill)
        columns["slot"].append(slots + [0] * fill)
        columns["last"].append(last + [False] * fill)
        columns["side"].append(sides + [0] * fill)
        columns["changed"].append(changed + [False] * fill)
    return Batch(
        **{key: torch.tensor(rows) for key, rows in columns.items()},
        labels=torch.tensor([pair.label for pair in pairs]),
    )
