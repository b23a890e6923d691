"""Documents as token ids, with the bytes of the text that each token stands for."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from labkit.errors import InputError
from labkit.evaluation.corpus_rows import shows

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NAMED = 5
"""Documents that a sentence names by number; of more it gives the count."""


@dataclass(frozen=True, eq=False)
class Document:
    """A document that is scored: its `number` in the texts, from 0, and its token `ids`.

    `starts` (tokens + 1,) int64 says at which byte of the text (UTF-8) each token begins; the last
    entry is the length of the text.
    """

    number: int
    ids: list[int]
    starts: np.ndarray


@dataclass(frozen=True, eq=False)
class Encoded:
    """Texts as tokens.  `digests` (texts,) int64 tell texts apart; `unknown` counts unknown tokens.

    `left_out` and `remarks` are sentences without full stops.
    """

    documents: list[Document]
    digests: np.ndarray
    unknown: int
    left_out: tuple[str, ...]
    remarks: tuple[str, ...]


def encode_documents(tokenizer: PreTrainedTokenizerBase, texts: Sequence[str]) -> Encoded:
    """Encode each text without special tokens; what looks like one in a text is taken as text.

    Raises:
        InputError: no texts, one text instead of several, or one (numbered) that is no text.
    """
    if isinstance(texts, str):
        raise InputError("texts is one string: pass a list of documents, [text]")
    if not len(texts):
        raise InputError("there are no documents to evaluate on")
    raw = [_utf8(number, text) for number, text in enumerate(texts)]
    empty = [number for number, text in enumerate(texts) if not shows(text)]
    kept = [number for number, text in enumerate(texts) if shows(text)]
    offsets = tokenizer.is_fast
    documents, unknown, altered = [], 0, []
    for number in kept:
        text = texts[number]
        found = tokenizer(
            text,
            add_special_tokens=False,
            split_special_tokens=True,
            return_attention_mask=False,
            return_token_type_ids=False,
            return_offsets_mapping=offsets,
            verbose=False,
        )
        ids = list(found["input_ids"])
        if not ids:
            empty.append(number)
            continue
        begins = [begin for begin, _ in found["offset_mapping"]] if offsets else None
        documents.append(Document(number, ids, _starts(text, len(raw[number]), len(ids), begins)))
        unknown += ids.count(tokenizer.unk_token_id) if tokenizer.unk_token_id is not None else 0
        back = tokenizer.decode(ids, clean_up_tokenization_spaces=False)
        if back.strip() != text.strip():
            altered.append(number)
    return Encoded(
        documents,
        np.array([int.from_bytes(hashlib.sha256(r).digest()[:8], "big") >> 1 for r in raw]),
        unknown,
        tuple([left_out(empty, "nothing in them shows")] if empty else []),
        _remarks(tokenizer, documents, unknown, altered),
    )


def left_out(numbers: Sequence[int], why: str) -> str:
    """A sentence that names documents which are not scored."""
    numbers = sorted(numbers)
    names = ", ".join(map(str, numbers[:NAMED])) + (", ..." if len(numbers) > NAMED else "")
    many = len(numbers) > 1
    what = f"{len(numbers)} documents were" if many else "1 document was"
    return f"{what} left out, since {why} (number {names}, counted from 0)"


def frame(tokenizer: PreTrainedTokenizerBase) -> tuple[list[int], list[int]]:
    """The special tokens that the tokenizer puts before and after a text ([CLS], [SEP])."""
    whole = list(tokenizer("a")["input_ids"])
    bare = list(tokenizer("a", add_special_tokens=False)["input_ids"])
    for at in range(len(whole) - len(bare) + 1):
        if whole[at : at + len(bare)] == bare:
            return whole[:at], whole[at + len(bare) :]
    return [], []


def _utf8(number: int, text: object) -> bytes:
    if not isinstance(text, str):
        raise InputError(f"document {number} is a {type(text).__name__}, not a text")
    try:
        return text.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        raise InputError(f"document {number} is no Unicode text: it holds a surrogate") from None


def _starts(text: str, size: int, count: int, begins: list[int] | None) -> np.ndarray:
    if begins is None:  # no offsets: the bytes are shared out evenly, which `_remarks` says
        return np.linspace(0, size, count + 1).astype(np.int64)
    widths = (
        [1] * len(text) if size == len(text) else [len(character.encode()) for character in text]
    )
    at = np.concatenate([[0], np.cumsum(widths)])
    starts = np.append(at[np.minimum(begins, len(text))], size)
    starts[0] = 0  # what stands before the first token belongs to it
    return np.maximum.accumulate(starts)


def _remarks(
    tokenizer: PreTrainedTokenizerBase, documents: list[Document], unknown: int, altered: list[int]
) -> tuple[str, ...]:
    said = []
    if unknown:
        tokens = sum(len(document.ids) for document in documents)
        said.append(
            f"{unknown} of {tokens} tokens are unknown to the tokenizer ({tokenizer.unk_token}), "
            "one for whatever stands there: loss and bits per byte are lower than they should be"
        )
    if altered:
        said.append(
            f"the tokenizer does not give back {len(altered)} of {len(documents)} documents as "
            "they were (capitals, accents or spaces are lost): bits per byte divides by the bytes "
            "of the text as it was, of which the model has to tell less"
        )
    if not tokenizer.is_fast:
        said.append(
            "the tokenizer says not where its tokens stand in the text: the bytes of a document "
            "are shared out evenly over its tokens"
        )
    return tuple(said)
