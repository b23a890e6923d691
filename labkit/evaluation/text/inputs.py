"""Rows of a plan as inputs of a model, and whether the model can be asked them at all."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError
from labkit.evaluation.batches import embedded
from labkit.evaluation.text.losses import Plan, Row
from labkit.models.without_cache import without_cache

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel


def model_inputs(model: PreTrainedModel, rows: list[Row]) -> dict[str, Any]:
    """The rows padded on the right, where no token that is scored sees the padding."""
    taken = inspect.signature(model.forward).parameters
    pad, known = model.config.pad_token_id, embedded(model)
    if pad is None or pad < 0 or (known and pad >= known):  # added to the tokenizer alone
        pad = 0
    inputs = {
        "input_ids": _padded([row.ids for row in rows], pad),
        "attention_mask": _padded([[1] * len(row.ids) for row in rows], 0),
    }
    if rows[0].decoder is not None:
        inputs["decoder_input_ids"] = _padded([row.decoder for row in rows], pad)
    given = {name: value.to(model.device) for name, value in inputs.items() if name in taken}
    return given | without_cache(model)


def _padded(rows: list[list[int]], fill: int) -> torch.Tensor:
    import torch

    longest = max(map(len, rows))
    return torch.tensor([row + [fill] * (longest - len(row)) for row in rows])


def check_ids(model: PreTrainedModel, plan: Plan) -> None:
    """Refuse tokens that the model has no embedding for: of documents, and those around them.

    Raises:
        InputError: names the document, if it is its, the token and what the model has.
    """
    limit = embedded(model)
    if limit and max(plan.added, default=0) >= limit:
        raise InputError(
            f"the tokenizer starts, masks or ends a text with token {max(plan.added)}, and the "
            f"model has embeddings for 0 to {limit - 1}: tokenizer and model do not belong together"
        )
    for document in plan.documents if limit else ():
        if max(document.ids) >= limit:
            raise InputError(
                f"document {document.number} has token {max(document.ids)}, and the model has "
                f"embeddings for 0 to {limit - 1}: tokenizer and model do not belong together"
            )


def check_causal(model: PreTrainedModel, plan: Plan) -> None:
    """Refuse a model that reads on: XLNet's class is a causal one, and its tokens see each other.

    Raises:
        InputError: another last token changes what the model says before it.
    """
    ids = plan.row(int(plan.lengths.argmax())).ids[:8]
    if len(ids) < 2:
        return
    other = [*ids[:-1], ids[0] if ids[0] != ids[-1] else (ids[-1] + 1) % 2]
    one, two = (
        model(**model_inputs(model, [Row(row, [], [], 0)])).logits[0, : len(ids) - 1].float()
        for row in (ids, other)
    )
    if bool(((one - two).abs() > 1e-3 * one.abs().max() + 1e-6).any()):
        raise InputError(
            f"{type(model).__name__} is no causal model: what it says of a token depends on those "
            "that follow. Its loss would be that of a model that has seen the answer"
        )
