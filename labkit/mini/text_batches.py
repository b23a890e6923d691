"""Windows of documents as the three language models are trained on them.

GPT-2 reads documents one after another, RoBERTa windows with hidden tokens (Devlin et al. 2019,
"BERT"), BART windows with text infilling (Lewis et al. 2020, "BART": spans of Poisson(3) tokens
give way to one mask each, 30 % of the tokens in all).
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Final

from labkit.mini.texts import draw_training_document
from labkit.mini.tokenizers import MAX_LENGTH

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedTokenizerFast

IGNORED: Final = -100  # of labels: not asked about, as in transformers
HIDDEN: Final = 0.15
INFILLED: Final = 0.3
SPAN: Final = 3.0  # tokens, mean of the Poisson distribution
_SHORT: Final = 30
_FROM_START: Final = 0.5  # share of windows that begin where their document does


@dataclass(frozen=True)
class TextBatch:
    """B windows of up to T tokens: `ids`, `mask` and `labels` (int64, B x T; BART's labels B x S).

    `labels` are as the models' own `forward` takes them: GPT-2 shifts them itself.
    """

    ids: "Tensor"
    mask: "Tensor"
    labels: "Tensor"


def masked_room(progress: float) -> int:
    """Tokens of RoBERTa's windows at a point (0 to 1) of training: 30, later more, then 126.

    A masked token says nothing of itself, so that at first there is nothing to learn from but the
    places of others; among few the near ones are found in hundreds of steps, among 126 in
    thousands.
    """
    share = min(1.0, max(0.0, (progress - 0.25) / 0.35))
    return round(_SHORT + share * (MAX_LENGTH - 2 - _SHORT))


def draw_batch(
    name: str,
    tokenizer: "PreTrainedTokenizerFast",
    size: int,
    rng: Random,
    progress: float = 1.0,
) -> TextBatch:
    """A training batch of `size` windows of freshly drawn documents.

    RoBERTa gets shorter ones to begin with (`masked_room`), and as many more of them as have no
    more tokens.
    """
    # Two documents are longer than a window, wherever it begins in the first.
    texts = [draw_training_document(rng) for _ in range(2 * size if name == "gpt2" else size)]
    rows = tokenizer(texts, add_special_tokens=False, verbose=False)["input_ids"]
    if name == "gpt2":
        return causal_batch(tokenizer, list(zip(rows[::2], rows[1::2], strict=True)), rng)
    room = masked_room(progress) if name == "roberta" else MAX_LENGTH - 2
    each = (MAX_LENGTH - 2) // room
    windows = [_window(row, room, rng) for row in rows for _ in range(each)]
    make = masked_batch if name == "roberta" else infilled_batch
    return make(tokenizer, windows, rng)


def _window(row: Sequence[int], room: int, rng: Random) -> list[int]:
    start = 0
    if rng.random() >= _FROM_START:
        start = int(rng.random() * (max(0, len(row) - room) + 1))
    return list(row[start : start + room])


def causal_batch(
    tokenizer: "PreTrainedTokenizerFast", pairs: Sequence[tuple[list[int], list[int]]], rng: Random
) -> TextBatch:
    """Windows of 128 tokens that begin somewhere in a document and may run into the next."""
    import torch

    end = tokenizer.eos_token_id
    rows = []
    for first, second in pairs:
        start = 0 if rng.random() < _FROM_START else int(rng.random() * len(first))
        row = [end, *first, end, *second, end][start : start + MAX_LENGTH]
        rows.append(row + [end] * (MAX_LENGTH - len(row)))
    ids = torch.tensor(rows)
    return TextBatch(ids, torch.ones_like(ids), ids)


def masked_batch(
    tokenizer: "PreTrainedTokenizerFast", windows: Sequence[list[int]], rng: Random
) -> TextBatch:
    """`<s> window </s>` with 15 % of the tokens asked about.

    Of these 80 % are masks, 10 % random tokens and 10 % themselves.
    """
    inputs, labels = [], []
    for window in windows:
        row, asked = list(window), [IGNORED] * len(window)
        for at, token in enumerate(window):
            if rng.random() < HIDDEN:
                asked[at] = token
                how = rng.random()
                if how < 0.8:
                    row[at] = tokenizer.mask_token_id
                elif how < 0.9:
                    row[at] = int(rng.random() * len(tokenizer))
        inputs.append([tokenizer.bos_token_id, *row, tokenizer.eos_token_id])
        labels.append([IGNORED, *asked, IGNORED])
    ids, mask = _padded(inputs, tokenizer.pad_token_id)
    return TextBatch(ids, mask, _padded(labels, IGNORED)[0])


def infilled_batch(
    tokenizer: "PreTrainedTokenizerFast", windows: Sequence[list[int]], rng: Random
) -> TextBatch:
    """`<s> damaged window </s>` as input, `<s> window </s>` as labels."""
    first, last = tokenizer.bos_token_id, tokenizer.eos_token_id
    inputs = [[first, *infill(row, tokenizer.mask_token_id, rng), last] for row in windows]
    ids, mask = _padded(inputs, tokenizer.pad_token_id)
    labels = _padded([[first, *row, last] for row in windows], IGNORED)[0]
    return TextBatch(ids, mask, labels)


def infill(row: Sequence[int], mask: int, rng: Random) -> list[int]:
    """`row` with spans of Poisson(3) tokens replaced by one mask each, about 30 % in all.

    A span of no tokens puts a mask between two; no two spans overlap.
    """
    budget = round(INFILLED * len(row))
    spans: list[int] = []
    while budget > 0:
        spans.append(min(_poisson(rng), budget))
        budget -= max(spans[-1], 1)  # spans of no tokens cost too, or they could go on for ever
    # Where the spans go among the tokens that stay: every order equally likely.
    kept = len(row) - sum(spans)
    marks: list[int | None] = [None] * kept + spans
    for i in range(len(marks) - 1, 0, -1):
        j = int(rng.random() * (i + 1))
        marks[i], marks[j] = marks[j], marks[i]
    damaged, at = [], 0
    for span in marks:
        damaged.append(row[at] if span is None else mask)
        at += 1 if span is None else span
    return damaged


def _poisson(rng: Random) -> int:
    """A draw from Poisson(3), by multiplying uniform ones (Knuth)."""
    product, count, limit = rng.random(), 0, math.exp(-SPAN)
    while product > limit:
        product *= rng.random()
        count += 1
    return count


def _padded(rows: Sequence[list[int]], fill: int) -> tuple["Tensor", "Tensor"]:
    """The rows (int64, B x T) and which of their places are not filled up (int64, B x T)."""
    import torch

    length = max(map(len, rows))
    ids = torch.tensor([row + [fill] * (length - len(row)) for row in rows])
    mask = torch.tensor([[1] * len(row) + [0] * (length - len(row)) for row in rows])
    return ids, mask
