"""Run a sentence-pair classifier over rows and keep what it says of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.scores import Evaluation

if TYPE_CHECKING:
    import torch
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def evaluate_mrpc(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Dataset,
    *,
    batch_size: int = 32,
    max_length: int | None = None,
    prior: float | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Classify every row of `data` and keep the outputs.

    Pairs are encoded as the tokenizer joins two sentences, cut to `max_length` tokens, padded on
    the right to the longest of their batch, and batched by length.  The model is put into
    evaluation mode for the time and runs on the device it is on.

    Args:
        model: a sequence classifier with two labels.
        tokenizer: its tokenizer; one without a padding token (GPT-2) is padded with the model's
            `config.pad_token_id`.
        data: rows with sentence1, sentence2, label and, if there, idx.
        batch_size: pairs per batch.
        max_length: tokens per pair; default: what model and tokenizer can take, at most 512.
        prior: share of positives in training, for the constant-prior baseline.
        seed: of the bootstrap.
        progress: called with (rows done, rows in all) after each batch.

    Raises:
        InputError: no rows, labels outside 0 and 1, a decoder without `pad_token_id`, or logits
            that are not two finite numbers (rows are named).
    """
    import torch

    rows = {name: data[name] for name in ("sentence1", "sentence2", "label")}
    labels = np.asarray(rows["label"], dtype=np.int64)
    if not len(labels):
        raise InputError("there are no rows to evaluate on: the split is empty")
    if not np.isin(labels, (0, 1)).all():
        row = int(np.flatnonzero(~np.isin(labels, (0, 1)))[0])
        raise InputError(f"row {row} has label {labels[row]}; labels must be 0 or 1")
    limit = max_length or longest_input(model, tokenizer)
    encoded = tokenizer(
        list(rows["sentence1"]), list(rows["sentence2"]), truncation=True, max_length=limit
    )
    pad = model.config.pad_token_id
    if pad is None:
        raise InputError(
            "the model's config has no pad_token_id, so it cannot tell where a padded pair ends. "
            "Set model.config.pad_token_id = tokenizer.eos_token_id (load_model does)."
        )
    logits = np.empty((len(labels), 2), dtype=np.float32)
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            done = 0
            for at, batch in _batches(encoded, batch_size, pad, model.device):
                out = model(**batch).logits.float().cpu().numpy()
                if out.shape != (len(at), 2) or not np.isfinite(out).all():
                    raise InputError(
                        f"the model's output for row {at[0]} is {out[0]}, not two finite logits: "
                        "it needs two labels and finite weights"
                    )
                logits[at] = out
                done += len(at)
                if progress:
                    progress(done, len(labels))
    finally:
        model.train(training)
    idx = data["idx"] if "idx" in data.column_names else range(len(labels))
    return Evaluation(np.asarray(idx, dtype=np.int64), labels, logits, prior, seed)


def _batches(
    encoded: dict[str, list], size: int, pad: int, device: torch.device
) -> Iterator[tuple[np.ndarray, dict[str, torch.Tensor]]]:
    """Yield (row numbers, tensors): rows of similar length together, padded on the right."""
    import torch

    fill = {"input_ids": pad, "attention_mask": 0, "token_type_ids": 0}
    lengths = np.array([len(ids) for ids in encoded["input_ids"]])
    order = np.argsort(-lengths, kind="stable")
    for start in range(0, len(order), size):
        at = order[start : start + size]
        longest = lengths[at[0]]
        yield (
            at,
            {
                name: torch.tensor(
                    [encoded[name][i] + [value] * (longest - lengths[i]) for i in at],
                    device=device,
                )
                for name, value in fill.items()
                if name in encoded
            },
        )


def longest_input(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Tokens of a pair that model and tokenizer can take, at most 512."""
    config = model.config
    positions = getattr(config, "max_position_embeddings", None) or 512
    # RoBERTa counts positions from its padding index + 1: two of its positions are never used.
    offset = 2 if config.model_type in ("roberta", "camembert", "xlm-roberta") else 0
    return min(512, positions - offset, tokenizer.model_max_length)
