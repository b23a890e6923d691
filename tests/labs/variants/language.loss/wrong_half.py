"""Computes in the dtype of the logits."""

import torch

MISTAKE = "half precision"


def token_loss(logits, input_ids, attention_mask):
    counts = (attention_mask[:, 1:] * attention_mask[:, :-1]).bool()
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].transpose(1, 2), input_ids[:, 1:], reduction="none"
    ).float()
    tokens = int(counts.sum())
    return {"loss": losses[counts].sum().item() / max(tokens, 1), "tokens": tokens}
