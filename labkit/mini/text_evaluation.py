"""What the recipe of the language models measures on the shipped validation documents."""

import math
from collections.abc import Sequence
from random import Random
from typing import TYPE_CHECKING, Final

from labkit.mini.text_batches import IGNORED, TextBatch, infilled_batch, masked_batch
from labkit.mini.tokenizers import MAX_LENGTH

if TYPE_CHECKING:
    from torch import Tensor
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

_ROWS = 32
STRIDE: Final = 64  # tokens, of the windows in which GPT-2's perplexity is measured


def token_losses(name: str, model: "PreTrainedModel", batch: TextBatch) -> "Tensor":
    """The loss (nats, one for each token that the labels of `batch` ask about)."""
    from torch.nn.functional import cross_entropy

    if name == "roberta":  # the head reads only the places that are asked about
        states = model.roberta(input_ids=batch.ids, attention_mask=batch.mask).last_hidden_state
        asked = batch.labels != IGNORED
        return cross_entropy(model.lm_head(states[asked]), batch.labels[asked], reduction="none")
    if name == "gpt2":
        logits = model(input_ids=batch.ids, attention_mask=batch.mask, use_cache=False).logits[
            :, :-1
        ]
        labels = batch.labels[:, 1:]
    else:
        logits = model(
            input_ids=batch.ids,
            attention_mask=batch.mask,
            decoder_input_ids=_shifted(batch.labels, model.config),
            use_cache=False,
        ).logits
        labels = batch.labels
    asked = labels != IGNORED
    return cross_entropy(logits[asked], labels[asked], reduction="none")


def _shifted(labels: "Tensor", config: object) -> "Tensor":
    """What BART's decoder reads: the start token, then the labels one place later."""
    ids = labels.masked_fill(labels == IGNORED, config.pad_token_id).roll(1, dims=1)
    ids[:, 0] = config.decoder_start_token_id
    return ids


def held_out_loss(
    name: str,
    model: "PreTrainedModel",
    tokenizer: "PreTrainedTokenizerFast",
    texts: Sequence[str],
) -> tuple[float, int]:
    """Nats per token on `texts` and the number of tokens that were asked about.

    GPT-2: every token of the documents once, in windows of 128 positions that move on by 64, an
    end of text in front of each document.  RoBERTa and BART: the first 126 tokens of each
    document, hidden or damaged as in training, always in the same places.
    """
    import torch

    rows = tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]
    if name == "gpt2":
        batches = _sliding(rows, tokenizer.eos_token_id)
    else:
        rng = Random(0)
        make = masked_batch if name == "roberta" else infilled_batch
        batches = [
            make(tokenizer, [row[: MAX_LENGTH - 2] for row in rows[i : i + _ROWS]], rng)
            for i in range(0, len(rows), _ROWS)
        ]
    total, count = 0.0, 0
    model.eval()
    with torch.inference_mode():
        for batch in batches:
            losses = token_losses(name, model, batch)
            total += float(losses.double().sum())
            count += losses.numel()
    return total / count, count


def _sliding(rows: Sequence[list[int]], end: int) -> list[TextBatch]:
    """Windows over each document that ask about every token once, the first ones about 127."""
    import torch

    windows: list[tuple[list[int], int]] = []  # ids, and how many at the end are asked about
    for row in rows:
        whole, done = [end, *row], 1
        while done < len(whole):
            stop = min(len(whole), MAX_LENGTH if done == 1 else done + STRIDE)
            windows.append((whole[max(0, stop - MAX_LENGTH) : stop], stop - done))
            done = stop
    batches = []
    for i in range(0, len(windows), _ROWS):
        part = windows[i : i + _ROWS]
        length = max(len(ids) for ids, _ in part)
        ids = torch.tensor([ids + [end] * (length - len(ids)) for ids, _ in part])
        labels = torch.full_like(ids, IGNORED)
        for at, (window, asked) in enumerate(part):
            labels[at, len(window) - asked : len(window)] = torch.tensor(window[-asked:])
        batches.append(TextBatch(ids, torch.ones_like(ids), labels))
    return batches


def perplexity(nats: float) -> float:
    """exp of a loss in nats per token."""
    return math.exp(nats)
