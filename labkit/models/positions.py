"""How many tokens a model takes at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedModel


def positions(model: PreTrainedModel) -> float:
    """Tokens that the model has positions for; infinite where they are relative (T5, XLNet)."""
    most = getattr(model.config, "max_position_embeddings", None)
    if not isinstance(most, int) or most < 1:
        return float("inf")
    # RoBERTa and its kin count positions from their padding index + 1: some are never used.
    unused = [
        module.padding_idx + 1
        for name, module in model.named_modules()
        if name.rpartition(".")[2] == "position_embeddings"
        and getattr(module, "padding_idx", None) is not None
    ]
    return most - max(unused, default=0)
