"""Run a language model over documents and keep what it pays for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.evaluation.batches import batches, positions
from labkit.evaluation.text.documents import Encoded, encode_documents, frame, left_out
from labkit.evaluation.text.head import Reader
from labkit.evaluation.text.inputs import check_causal, check_ids, model_inputs
from labkit.evaluation.text.losses import Causal, Denoising, Masked, Plan
from labkit.evaluation.text.scores import TextEvaluation
from labkit.evaluation.text.windows import check_windows
from labkit.models.language import CAUSAL, DENOISING, MASKED, language_kind
from labkit.models.modes import in_mode

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH_TOKENS = 2048  # as for pairs: more gains nothing on a CPU

LONGEST = 1024
"""Tokens of a context at most where none is asked for: some models take 100,000 and more."""


def evaluate_text(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    texts: Sequence[str],
    *,
    context: int | None = None,
    stride: int | None = None,
    from_start: bool = True,
    at_once: int = 1,
    seed: int = 0,
    batch_size: int | None = None,
    batch_tokens: int = BATCH_TOKENS,
    progress: Callable[[int, int], None] | None = None,
) -> TextEvaluation:
    """What a language model pays for each document, in nats, by the loss of its kind.

    - causal (GPT-2): -ln p of each token given those before it.
    - masked (RoBERTa): -ln p of each token given all others of its window, each masked in turn:
      pseudo-perplexity (Salazar et al. 2020).  It costs one forward pass of a row per token.
    - denoising (BART): -ln p of each token given those before it and the text with spans of 30 %
      of its tokens masked, drawn from `seed`; most tokens can be copied, so that it is far lower
      than the other two and must not be compared with them.

    Each document is scored alone, in windows (`windows.windows`), every token exactly once.
    Windows of similar length share a batch, padded on the right, where the model's positions and
    answers do not depend on padding (`batches.PADDED`; else of equal length).  The model is put
    into evaluation mode for the time and runs on the device and in the dtype that it has; the
    softmax is summed in float32.

    Elsewhere: the sliding window of transformers' documentation is `from_start=False` with
    `context` one below its length; its page weights the windows a little otherwise.  `perplexity`
    of `evaluate` is exp of the nats per token of each document alone, and its mean is one of
    perplexities, which is higher than the perplexity of all tokens; it has no windows.

    Args:
        model: a language model, `load_model(..., task="text")`.
        tokenizer: its tokenizer.
        texts: documents.  Those in which nothing shows, or too short to be scored, are left out,
            and `left_out` of the result says so.
        context: tokens that the model sees at once: inputs of a causal model, the text of a window
            (special tokens not counted) of the others; default: as many as it takes, 1024 at most.
        stride: tokens from one window to the next, 1 to `context`; default: half of `context`.
        from_start: score the first token of a document given the start token (else the end-of-text
            token) of the model.  False, or where it has neither: the first token has no context
            and is not scored, and its bytes are not counted.
        at_once: of a masked model, tokens of a window that are masked at once.  Above 1 it is
            cheaper and no pseudo-perplexity: the result's `measure` says so.
        seed: of the bootstrap and of the masked spans, at least 0.
        batch_size: rows per batch at most; default: as many as `batch_tokens` allows.
        batch_tokens: tokens per batch at most, padding included (a longer row goes alone).
        progress: called with (rows done, rows in all) after each batch.

    Raises:
        InputError: a model without language-model head, or one that is no causal model though its
            class says so (XLNet); an argument out of its range, a context longer than the model
            takes; texts that are none, or none left to score; tokens that the model has no
            embedding for; no mask or decoder start token where one is needed; a loss that is not
            finite (the document is numbered).
    """
    import torch

    kind = language_kind(model)
    for name, value, least in (
        ("batch_size", batch_size, 1),
        ("batch_tokens", batch_tokens, 1),
        ("at_once", at_once, 1),
        ("seed", seed, 0),
    ):
        if value is not None and value < least:
            raise InputError(f"{name} is {value}; it must be at least {least}")
    if at_once > 1 and kind != MASKED:
        raise InputError(
            f"at_once is {at_once}: only a masked model masks tokens, not a {kind} one"
        )
    encoded = encode_documents(tokenizer, texts)
    start = start_token(tokenizer) if kind == CAUSAL and from_start else None
    plan, said = _plan(model, tokenizer, encoded, kind, context, stride, start, at_once, seed)
    check_ids(model, plan)
    with in_mode(model, training=False), torch.inference_mode():
        if kind == CAUSAL:
            check_causal(model, plan)
        began = time.monotonic()
        nats, vocabulary = _run(model, plan, batch_size, batch_tokens, progress)
        seconds = time.monotonic() - began
    table = plan.table()
    if not np.isfinite(nats).all():
        number = table["document"][np.flatnonzero(~np.isfinite(nats))[0]]
        raise InputError(
            f"the loss of document {number} is not a finite number: the model's weights are not "
            "all finite, or overflow in its dtype"
        )
    return TextEvaluation(
        kind=kind,
        nats=nats,
        digests=encoded.digests,
        context=plan.context,
        stride=plan.stride,
        vocabulary=vocabulary,
        seconds=seconds,
        seed=seed,
        at_once=at_once,
        left_out=(*encoded.left_out, *said[0]),
        remarks=(*encoded.remarks, *said[1]),
        **table,
    )


def start_token(tokenizer: PreTrainedTokenizerBase) -> int | None:
    """The token that a causal model's text begins with: its start, else its end-of-text token."""
    bos, eos = tokenizer.bos_token_id, tokenizer.eos_token_id
    return bos if bos is not None else eos


def text_room(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase) -> float:
    """Tokens of text that the model takes at once, its special tokens not counted."""
    kind = language_kind(model)
    if kind == CAUSAL:
        return positions(model)
    before, after = frame(tokenizer)
    around = len(before) + (max(1, len(after)) if kind == DENOISING else len(after))
    return positions(model) - around


def _plan(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    encoded: Encoded,
    kind: str,
    context: int | None,
    stride: int | None,
    start: int | None,
    at_once: int,
    seed: int,
) -> tuple[Plan, tuple[list[str], list[str]]]:
    """The rows, and what has to be said of what is left out and of the figures."""
    room = text_room(model, tokenizer)
    if context is None:
        context = int(min(room, LONGEST))
    elif context > room:
        raise InputError(
            f"context is {context}, and the model takes {room:.0f} tokens of text at once: choose "
            f"at most {room:.0f}"
        )
    stride = max(1, context // 2) if stride is None else stride
    check_windows(context, stride)
    gone, remarks = [], _sliding(model, context)
    documents = encoded.documents
    if kind == CAUSAL and start is None:
        short = [document.number for document in documents if len(document.ids) < 2]
        documents = [document for document in documents if len(document.ids) > 1]
        if short:
            gone.append(left_out(short, "a single token has no context"))
        remarks.append(
            "the first token of each document is not scored, nor are its bytes counted: no start "
            "token is put before it"
        )
    if not documents:
        raise InputError(f"no document is left to score: {'; '.join([*encoded.left_out, *gone])}")
    shape = (documents, context, stride)
    if kind == CAUSAL:
        return Causal(*shape, start=start), (gone, remarks)
    before, after = frame(tokenizer)
    mask = tokenizer.mask_token_id
    if mask is None:
        raise InputError(
            f"the tokenizer has no mask token, which the loss of a {kind} model needs (T5 masks "
            "with tokens of its own, in another way)"
        )
    around = {"mask": mask, "before": before, "after": after}
    if kind == MASKED:
        return Masked(*shape, **around, at_once=at_once), (gone, remarks)
    begin = getattr(model.config, "decoder_start_token_id", None)
    if begin is None:
        raise InputError(
            f"the config of this {model.config.model_type} has no decoder_start_token_id, so that "
            "its decoder cannot start. Set model.config.decoder_start_token_id"
        )
    return Denoising(*shape, **around, begin=begin, seed=seed), (gone, remarks)


def _run(
    model: PreTrainedModel,
    plan: Plan,
    batch_size: int | None,
    batch_tokens: int,
    progress: Callable[[int, int], None] | None,
) -> tuple[np.ndarray, int]:
    """Nats of each window, float64, and the number of words that the model chooses from."""
    import torch

    lengths = plan.lengths
    nats = np.zeros(len(plan.windows))
    reader = Reader(model, model_inputs(model, [plan.row(int(lengths.argmin()))]))
    done, tokens = 0, reader.batch_tokens(batch_tokens)
    for at in batches(model, lengths, batch_size or len(lengths), tokens):
        rows = [plan.row(int(number)) for number in at]
        counts = [len(row.places) for row in rows]
        found = reader.nats(
            model_inputs(model, rows),
            torch.tensor(np.repeat(np.arange(len(rows)), counts), device=model.device),
            torch.tensor([p for row in rows for p in row.places], device=model.device),
            torch.tensor([t for row in rows for t in row.targets], device=model.device),
        )
        owner = np.repeat([row.window for row in rows], counts)
        np.add.at(nats, owner, found.double().cpu().numpy())
        done += len(at)
        if progress:
            progress(done, len(lengths))
    return nats, reader.vocabulary


def _sliding(model: PreTrainedModel, context: int) -> list[str]:
    width = getattr(model.config, "sliding_window", None)
    used = getattr(model.config, "use_sliding_window", True)
    if isinstance(width, int) and used and width < context:
        return [
            f"some layers of the model look back {width} tokens only, fewer than the context of "
            f"{context}"
        ]
    return []
