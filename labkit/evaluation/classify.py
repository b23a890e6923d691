"""Run a sentence-pair classifier over rows and keep what it says of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.evaluation.batches import batches, check_tokens, inputs, positions
from labkit.evaluation.corpus_rows import shows
from labkit.evaluation.label_order import corpus_order, label_order
from labkit.evaluation.scores import Evaluation
from labkit.models.modes import in_mode
from labkit.models.start_token import start_token_needed
from labkit.models.without_cache import without_cache

if TYPE_CHECKING:
    from datasets import Dataset
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH_TOKENS = 2048  # more gains nothing on a CPU, whose caches a larger batch does not fit


@dataclass(frozen=True, eq=False)
class Pairs:
    """Pairs of sentences as token ids, ready for any model with the same tokenizer.

    `columns` maps what the tokenizer gives (input_ids, attention_mask, perhaps token_type_ids) to
    one list of ids per pair, not padded; `labels` and `idx` are int64, one per pair.  `remarks` say
    how many pairs were cut, and which label was taken for which where that is not MRPC's way.
    """

    columns: dict[str, list[list[int]]]
    labels: np.ndarray
    idx: np.ndarray
    remarks: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def lengths(self) -> np.ndarray:
        """Tokens of each pair, int64."""
        return np.array([len(ids) for ids in self.columns["input_ids"]], dtype=np.int64)


def encode_pairs(
    tokenizer: PreTrainedTokenizerBase, data: Dataset, *, max_length: int = 512
) -> Pairs:
    """Encode the pairs of `data` once, for any number of evaluations.

    Args:
        tokenizer: joins the two sentences in its own way.
        data: rows with sentence1, sentence2, label and, if there, idx.  Labels with names (a
            `ClassLabel`) that are the other way round than in MRPC are turned.
        max_length: tokens that a pair is cut to; see `longest_input`.

    Raises:
        InputError: a missing column, no rows, labels other than 0 and 1, a sentence that is none or
            of which nothing shows (such as zero-width spaces), an `idx` that is no whole number,
            or `max_length` below 1.
    """
    if max_length < 1:
        raise InputError(f"max_length is {max_length}; it must be at least 1")
    for column in ("sentence1", "sentence2", "label"):
        if column not in data.column_names:
            there = ", ".join(data.column_names)
            raise InputError(f"the rows have no column {column!r}, only {there}")
    # Whole columns: row by row they take longer to read than the tokenizer takes to encode them.
    found = list(data["label"][:])
    if not found:
        raise InputError("there are no rows to evaluate on: the split is empty")
    for row, label in enumerate(found):
        if label not in (0, 1):  # before numpy makes 0 of 0.5
            raise InputError(f"row {row} has label {label}; labels must be 0 or 1")
    first, second = (list(data[column][:]) for column in ("sentence1", "sentence2"))
    for column, texts in (("sentence1", first), ("sentence2", second)):
        for row, text in enumerate(texts):
            if not isinstance(text, str) or not shows(text):
                raise InputError(f"row {row}: {column} is {text!r}, which shows nothing")
    labels = np.asarray(found, dtype=np.int64)
    order = corpus_order(getattr(data.features["label"], "names", None), "the rows")
    if order.positive == 0:
        labels = 1 - labels
    columns = dict(tokenizer(first, second, truncation=True, max_length=max_length))
    idx = _whole(data["idx"][:]) if "idx" in data.column_names else np.arange(len(labels))
    cut = _cut(tokenizer, columns["input_ids"], first, second, max_length)
    remarks = tuple(filter(None, (order.remark, cut)))
    return Pairs(columns, labels, idx, remarks)


def _whole(idx: Iterable) -> np.ndarray:
    """The numbers of the rows, int64; numpy would make 7 of 7.5."""
    found = list(idx)
    for row, number in enumerate(found):
        try:
            whole = int(number) == float(number)
        except (TypeError, ValueError, OverflowError):
            whole = False
        if not whole:
            raise InputError(f"row {row} has idx {number!r}, not a whole number")
    return np.array([int(number) for number in found], dtype=np.int64)


def _cut(
    tokenizer: PreTrainedTokenizerBase,
    found: list[list[int]],
    first: list[str],
    second: list[str],
    most: int,
) -> str:
    """How many pairs were cut to `most` tokens, in words; "" where none was."""
    full = [row for row, ids in enumerate(found) if len(ids) >= most]
    if not full:
        return ""
    pairs = [first[row] for row in full], [second[row] for row in full]
    whole = tokenizer(*pairs, verbose=False)["input_ids"]
    cut = sum(len(ids) > len(found[row]) for row, ids in zip(full, whole, strict=True))
    if not cut:
        return ""
    was = "was" if cut == 1 else "were"
    return f"{cut} of {len(found)} pairs {was} cut to {most} tokens, the rest was not read"


def evaluate_mrpc(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    data: Dataset | Pairs,
    *,
    batch_size: int | None = None,
    batch_tokens: int = BATCH_TOKENS,
    max_length: int | None = None,
    prior: float | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] | None = None,
) -> Evaluation:
    """Classify every row of `data` and keep the outputs, in the order of the rows.

    Pairs are encoded as the tokenizer joins two sentences and cut to `max_length` tokens.  Pairs
    of similar length share a batch, padded on the right to its longest, so that little is spent
    on padding; of equal length, where a model's scores would depend on padding (`batches.PADDED`).
    The outputs are put into MRPC's order by the names of the model's classes, which the result
    remarks on where they are not MRPC's (`label_order`); so it does on pairs that were cut.  The
    model is put into evaluation mode
    for the time and runs on the device it is on.

    Args:
        model: a sequence classifier with two labels.
        tokenizer: its tokenizer; one without a padding token (GPT-2) is padded with the model's
            `config.pad_token_id`.
        data: rows with sentence1, sentence2, label and, if there, idx; or what `encode_pairs`
            made of them, so that a sweep does not tokenise at every level.
        batch_size: pairs per batch at most; default: as many as `batch_tokens` allows.
        batch_tokens: tokens per batch at most, padding included (a longer pair goes alone).
        max_length: tokens per pair; default: what model and tokenizer can take, at most 512.
        prior: share of positives in training, 0 to 1, for the constant-prior baseline.
        seed: of the bootstrap, at least 0.
        progress: called with (rows done, rows in all) after each batch.

    Raises:
        InputError: rows as in `encode_pairs`, tokens that the model has no place for or that end a
            sentence early (see `check_tokens`), a model whose classes are not two that can be told
            apart (see `label_order`) or that cannot start its decoder (T5 without
            `decoder_start_token_id`), an argument out of its range, or logits that are not two
            finite numbers (rows are named).
    """
    import torch

    for name, value in (("batch_size", batch_size), ("batch_tokens", batch_tokens)):
        if value is not None and value < 1:
            raise InputError(f"{name} is {value}; it must be at least 1")
    if prior is not None and not 0 <= prior <= 1:
        raise InputError(f"prior is {prior}; it is a share from 0 to 1")
    if seed < 0:
        raise InputError(f"seed is {seed}; it must be at least 0")
    order = label_order(model.config)
    if isinstance(data, Pairs):
        pairs = data
    else:
        limit = longest_input(model, tokenizer) if max_length is None else max_length
        pairs = encode_pairs(tokenizer, data, max_length=limit)
    pad = check_tokens(model, tokenizer, pairs)
    logits = np.empty((len(pairs), 2), dtype=np.float32)
    alone = without_cache(model)
    with in_mode(model, training=False), torch.inference_mode():
        done = 0
        for at in batches(model, pairs.lengths, batch_size or len(pairs), batch_tokens):
            with start_token_needed(model):
                out = model(**inputs(model, pairs, at, pad), **alone).logits
            out = out.float().cpu().numpy()
            if out.shape != (len(at), 2) or not np.isfinite(out).all():
                raise InputError(
                    f"the model's output for row {at[0]} is {out[0]}, not two finite logits: "
                    "it needs two labels and finite weights"
                )
            logits[at] = out[:, order.columns]
            done += len(at)
            if progress:
                progress(done, len(pairs))
    remarks = tuple(filter(None, (order.remark, *pairs.remarks)))
    return Evaluation(pairs.idx, pairs.labels, logits, prior, seed, remarks)


def longest_input(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> int:
    """Tokens of a pair that model and tokenizer can take, at most 512."""
    return int(min(512, positions(model), tokenizer.model_max_length))
