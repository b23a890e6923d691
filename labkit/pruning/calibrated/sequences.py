"""What a model is calibrated on: rows of token ids without padding, in batches of equal length."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError
from labkit.models.positions import positions

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH_TOKENS = 2048
"""Tokens of a batch at most; a longer row goes alone."""

IDS, MASK, SEGMENTS = "input_ids", "attention_mask", "token_type_ids"
DECODER_IDS, DECODER_MASK = "decoder_input_ids", "decoder_attention_mask"


@dataclass(frozen=True, eq=False)
class Rows:
    """Each row as the model's arguments, 1-D int64 tensors without padding.

    `notes` are sentences on what was left out or cut.
    """

    rows: tuple[dict[str, torch.Tensor], ...]
    notes: tuple[str, ...] = ()

    @property
    def tokens(self) -> int:
        """Tokens of all rows, padding not counted."""
        return sum(len(row[IDS]) for row in self.rows)

    def batches(self) -> Iterator[dict[str, torch.Tensor]]:
        """Rows of equal length put together, (rows, tokens): there is no padding to leave out."""
        import torch

        groups: dict[tuple, list[dict[str, torch.Tensor]]] = {}
        for row in self.rows:
            key = tuple((name, len(ids)) for name, ids in sorted(row.items()))
            groups.setdefault(key, []).append(row)
        for group in groups.values():
            size = max(1, BATCH_TOKENS // len(group[0][IDS]))
            for start in range(0, len(group), size):
                part = group[start : start + size]
                yield {name: torch.stack([row[name] for row in part]) for name in part[0]}


def draw_sequences(
    texts: Sequence[str],
    tokenizer: PreTrainedTokenizerBase,
    *,
    count: int = 128,
    length: int = 128,
    seed: int = 0,
) -> torch.Tensor:
    """Windows of `length` tokens at random places of the texts, as papers calibrate on.

    The texts are put one after another, each followed by the tokenizer's end token if it has one;
    windows may overlap.  No special token is added to a window.

    Args:
        texts: documents.
        tokenizer: the model's.
        count: windows.
        length: tokens of each.
        seed: of the places.

    Returns:
        Token ids, (count, length) int64.

    Raises:
        InputError: no window or no token asked for, or the texts have fewer than `length` tokens.
    """
    import torch

    if count < 1 or length < 1:
        raise InputError(f"count is {count}, length {length}; both must be at least 1")
    if isinstance(texts, str):
        texts = [texts]
    end = tokenizer.eos_token_id
    ids: list[int] = []
    for text in texts:
        ids += tokenizer(text, add_special_tokens=False, verbose=False)[IDS]
        ids += [end] if end is not None else []
    if len(ids) < length:
        raise InputError(
            f"the {len(texts)} texts have {len(ids)} tokens together, and a window needs {length}: "
            "give more text, or take a smaller length"
        )
    stream = torch.tensor(ids)
    generator = torch.Generator().manual_seed(seed)
    starts = torch.randint(len(ids) - length + 1, (count,), generator=generator)
    return stream[starts[:, None] + torch.arange(length)]


def rows_of(
    model: PreTrainedModel,
    sequences: Any,
    tokenizer: PreTrainedTokenizerBase | None = None,
) -> Rows:
    """The rows of `sequences`, checked against what the model takes.

    Args:
        model: what they are for.
        sequences: token ids, (rows, tokens), or rows of different lengths; or a mapping as a
            tokenizer returns it, whose attention mask says what is padding; or texts.
        tokenizer: needed for texts, which are cut to the model's positions.

    Raises:
        InputError: no sequences, none with a token, longer than the model's positions, ids that
            the model has no embedding for, texts without a tokenizer, or a mask with holes.
    """
    most, notes = positions(model), []
    if isinstance(sequences, str):
        sequences = [sequences]
    if not isinstance(sequences, Mapping) and len(sequences) and isinstance(sequences[0], str):
        sequences, notes = _encoded(sequences, tokenizer, most)
    columns = dict(sequences) if isinstance(sequences, Mapping) else {IDS: sequences}
    if IDS not in columns:
        raise InputError(f"the calibration has {', '.join(columns)} and no {IDS}")
    rows = list(_cut(columns))
    whole = [row for row in rows if len(row[IDS])]
    if not whole:
        raise InputError(
            f"the calibration is empty: {len(rows)} sequences, none with a token. Give at least one"
        )
    if empty := len(rows) - len(whole):
        notes.append(f"{empty} of {len(rows)} sequences hold no token and were left out")
    _check(model, whole, most)
    return Rows(tuple(whole), tuple(notes))


def _encoded(
    texts: Sequence[str], tokenizer: PreTrainedTokenizerBase | None, most: float
) -> tuple[list[list[int]], list[str]]:
    if tokenizer is None:
        raise InputError("the calibration is text: give the model's tokenizer too, tokenizer=...")
    ids = [tokenizer(text, verbose=False)[IDS] for text in texts]
    cut = sum(len(row) > most for row in ids)
    notes = [f"{cut} of {len(ids)} texts were cut to {most:.0f} tokens"] if cut else []
    return [row if len(row) <= most else row[: int(most)] for row in ids], notes


def _cut(columns: Mapping[str, Any]) -> Iterator[dict[str, torch.Tensor]]:
    """Each row without its padding, which stands on the left or on the right."""
    import torch

    wanted = {IDS: MASK, SEGMENTS: MASK, DECODER_IDS: DECODER_MASK}
    for number in range(len(columns[IDS])):
        row = {}
        for name, mask_name in wanted.items():
            if columns.get(name) is None:
                continue
            ids = torch.as_tensor(columns[name][number]).detach().to("cpu").reshape(-1)
            if ids.numel() and (ids.is_floating_point() or ids.dtype == torch.bool):
                raise InputError(f"{name} has dtype {ids.dtype}; token ids are whole numbers")
            if columns.get(mask_name) is not None:
                mask = torch.as_tensor(columns[mask_name][number]).to("cpu").reshape(-1).bool()
                if mask.shape != ids.shape:
                    raise InputError(
                        f"row {number} has {len(ids)} {name} and {len(mask)} in its {mask_name}"
                    )
                real = mask.nonzero().reshape(-1)
                if len(real) and int(real[-1] - real[0]) + 1 != len(real):
                    raise InputError(
                        f"the {mask_name} of row {number} has zeros between ones: padding stands "
                        "on the left or on the right of a sequence"
                    )
                ids = ids[mask]
            row[name] = ids.long()
        yield row


def _check(model: PreTrainedModel, rows: Sequence[dict[str, torch.Tensor]], most: float) -> None:
    from torch import nn

    table = model.get_input_embeddings()
    known = table.num_embeddings if isinstance(table, nn.Embedding) else None
    for number, row in enumerate(rows):
        for name in (IDS, DECODER_IDS):
            ids = row.get(name)
            if ids is None or not len(ids):
                continue
            if len(ids) > most:
                raise InputError(
                    f"sequence {number} has {len(ids)} tokens, and the model has positions for "
                    f"{most:.0f}: cut the sequences, or draw them with "
                    f"draw_sequences(..., length={most:.0f})"
                )
            low, high = int(ids.min()), int(ids.max())
            if low < 0 or (known is not None and high >= known):
                raise InputError(
                    f"sequence {number} holds the token id {low if low < 0 else high}, and the "
                    f"model has embeddings for 0 to {known - 1 if known else 'more'}: tokenizer "
                    "and model do not belong together"
                )
