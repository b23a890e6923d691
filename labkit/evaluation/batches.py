"""Pairs put together for one forward pass, such that each scores what it scores alone."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.models.positions import positions

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from labkit.evaluation.classify import Pairs

_PADDED = """
albert arcee bart bert biogpt bloom camembert ctrl data2vec-text deberta deberta-v2 diffllama
distilbert electra ernie esm esmc eurobert exaone4 falcon flaubert gemma gemma2 gemma3_text glm
glm4 gpt2 gpt_bigcode gpt_neo gpt_neox gpt_oss gptj gte helium hunyuan_v1_dense hunyuan_v1_moe
ibert jina_embeddings_v3 llama mbart megatron-bert ministral ministral3 mistral mixtral
modernbert modernbert-decoder mpnet mpt mt5 mvp nemotron nomic_bert olmo olmo2 olmo3 openai-gpt
opt persimmon phi phi3 phimoe plbart qwen2 qwen2_moe qwen3 qwen3_moe rembert roberta
roberta-prelayernorm roc_bert roformer seed_oss smollm3 squeezebert stablelm starcoder2 t5 umt5
xlm xlm-roberta
"""
PADDED = frozenset(_PADDED.split())
"""Families (`config.model_type`) whose scores do not depend on padding on the right.

They take a mask and keep to it.  All others get batches of pairs of equal length, which is right
for every model and slower: FNet, for example, takes no mask, Funnel and CANINE pool over places
that may be padding, ConvBERT and MobileBERT mix in neighbours, and XLNet reads its answer in the
last place.  tests/evaluation/test_batches.py holds each family to it.
"""


def batches(
    model: PreTrainedModel, lengths: np.ndarray, size: int, tokens: int
) -> Iterator[np.ndarray]:
    """Yield row numbers, longest rows first: the first batch needs the most memory of all.

    Args:
        model: decides whether rows of different lengths may be padded (`PADDED`).
        lengths: tokens of each row, (rows,).
        size: rows of a batch at most.
        tokens: tokens of a batch at most, padding included (a longer row goes alone).
    """
    padded = model.config.model_type in PADDED
    order = np.argsort(-lengths, kind="stable")
    start = 0
    while start < len(order):
        longest = int(lengths[order[start]])
        count = min(size, max(1, tokens // longest))
        batch = order[start : start + count]
        yield batch if padded else batch[lengths[batch] == longest]
        start += count if padded else int((lengths[batch] == longest).sum())


def inputs(
    model: PreTrainedModel, pairs: Pairs, at: np.ndarray, pad: int
) -> dict[str, torch.Tensor]:
    """The rows `at`, padded on the right to the longest of them, (rows, tokens) int64.

    Only what the model's forward pass has an argument for: FNet takes no mask, DistilBERT no
    segments.  A mask that the tokenizer does not make is made here.
    """
    import torch

    columns = dict(pairs.columns)
    columns.setdefault("attention_mask", [[1] * len(ids) for ids in columns["input_ids"]])
    fill = {"input_ids": pad, "attention_mask": 0, "token_type_ids": 0}
    taken = inspect.signature(model.forward).parameters
    if "input_ids" in taken:
        fill = {name: value for name, value in fill.items() if name in taken}
    longest = max(len(pairs.columns["input_ids"][i]) for i in at)
    return {
        name: torch.tensor(
            [row + [fill[name]] * (longest - len(row)) for row in (ids[i] for i in at)],
            device=model.device,
        )
        for name, ids in columns.items()
        if name in fill
    }


def check_tokens(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pairs: Pairs) -> int:
    """Check that the model has a place for every token; returns the id to pad with.

    Raises:
        InputError: no padding token, or one that the model has no embedding for; a pair (named)
            of no token, with a mask that hides all of it or is of another length, of more than the
            model takes, or with one it has no embedding for; rows (named) that differ in how often
            they hold the end token, where an encoder-decoder reads its state.
    """
    lengths, most = pairs.lengths, positions(model)
    if (odd := np.flatnonzero((lengths < 1) | (lengths > most))).size:
        raise InputError(
            f"row {odd[0]} has {lengths[odd[0]]} tokens, and the model takes 1 to {most:.0f}: "
            "encode_pairs(..., max_length=longest_input(model, tokenizer)) cuts longer pairs"
        )
    for row, mask in enumerate(pairs.columns.get("attention_mask", ())):
        if len(mask) != lengths[row] or not any(mask):
            raise InputError(
                f"row {row} has {lengths[row]} tokens and an attention_mask of {len(mask)}, of "
                f"which {sum(mask)} are 1: the model would read nothing of it, or something else"
            )
    _check_ids(model, pairs)
    pad = model.config.pad_token_id
    if pad is None:
        raise InputError(
            "the model's config has no pad_token_id, so it cannot tell where a padded pair ends. "
            "Set model.config.pad_token_id = tokenizer.eos_token_id (load_model does)."
        )
    ids = embedded(model)
    if pad < 0 or (ids is not None and pad >= ids):
        known = "from 0 up" if ids is None else f"0 to {ids - 1}"
        raise InputError(
            f"the model's config has pad_token_id {pad}, and the model has embeddings for ids "
            f"{known}: set model.config.pad_token_id to an id of the tokenizer's, as its "
            f"pad_token_id {tokenizer.pad_token_id} or eos_token_id {tokenizer.eos_token_id}"
        )
    if model.config.is_encoder_decoder:
        _check_ends(model, pairs, pad)
    return pad


def embedded(model: PreTrainedModel) -> int | None:
    """How many token ids the model has embeddings for; None where they are no plain table."""
    from torch import nn

    try:
        table = model.get_input_embeddings()
    except (AttributeError, NotImplementedError):
        return None
    # CANINE hashes code points into several small tables.
    words = getattr(model.config, "vocab_size", None)
    plain = isinstance(table, nn.Embedding) and table.num_embeddings == words
    return table.num_embeddings if plain else None


def _check_ids(model: PreTrainedModel, pairs: Pairs) -> None:
    limits = {"input_ids": embedded(model)}
    limits["token_type_ids"] = getattr(model.config, "type_vocab_size", None) or None
    for name, limit in limits.items():
        for row, ids in enumerate(pairs.columns.get(name, ()) if limit else ()):
            if ids and not 0 <= min(ids) <= max(ids) < limit:
                wrong = next(i for i in ids if not 0 <= i < limit)
                raise InputError(
                    f"row {row} has {wrong} among its {name}, and the model has embeddings for 0 "
                    f"to {limit - 1}: tokenizer and model do not belong together"
                )


def _check_ends(model: PreTrainedModel, pairs: Pairs, pad: int) -> None:
    """An encoder-decoder reads the state at a row's last end token, and wants as many in each."""
    end = model.config.eos_token_id
    if not isinstance(end, int):
        return
    if pad == end:
        raise InputError(
            f"the model's config has {pad} for pad_token_id and eos_token_id, and the model reads "
            f"its answer where the end token stands: it would read padding in each of the "
            f"{len(pairs)} rows, 0 to {len(pairs) - 1}, that shares a batch with a longer one. Set "
            "model.config.pad_token_id to another id, or the tokenizer's own"
        )
    counts = np.array([ids.count(end) for ids in pairs.columns["input_ids"]])
    usual = int(np.bincount(counts).argmax())
    if usual == 0:
        raise InputError(
            f"row {np.flatnonzero(counts == 0)[0]} does not hold the end token {end}, where the "
            "model reads its answer: tokenizer and model do not belong together"
        )
    if (odd := np.flatnonzero(counts != usual)).size:
        rows = ", ".join(str(row) for row in odd[:10]) + (", ..." if odd.size > 10 else "")
        raise InputError(
            f"the end token {end} stands {counts[odd[0]]} times in row {odd[0]}, and {usual} times "
            f"in most others (rows that differ: {rows}): take it out of the sentences, where the "
            "model would take it for their end"
        )
