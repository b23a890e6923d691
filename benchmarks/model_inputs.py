"""The inputs that our models and their peers are timed on."""

from __future__ import annotations

import torch


def inputs_of(name: str, batch: int, length: int, seed: int = 0) -> dict[str, torch.Tensor]:
    """A batch without padding, each row with one end-of-text token as BART's head wants it."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(3, 1000, (batch, length), generator=generator)
    ids[:, -1] = 2
    return {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
