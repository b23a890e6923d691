"""Lays all rows end to end before the shift."""

import torch

MISTAKE = "rows joined"


def token_loss(logits, input_ids, attention_mask):
    flat, ids = logits.reshape(-1, logits.shape[-1]).float(), input_ids.reshape(-1)
    mask = attention_mask.reshape(-1)
    counts = (mask[1:] * mask[:-1]).bool()
    losses = torch.nn.functional.cross_entropy(flat[:-1], ids[1:], reduction="none")
    tokens = int(counts.sum())
    return {"loss": losses[counts].sum().item() / max(tokens, 1), "tokens": tokens}
