"""Takes the mean of nothing."""

import torch

MISTAKE = "nothing to predict"


def token_loss(logits, input_ids, attention_mask):
    counts = (attention_mask[:, 1:] * attention_mask[:, :-1]).bool()
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), input_ids[:, 1:], reduction="none"
    )
    tokens = int(counts.sum())
    return {"loss": losses[counts].mean().item(), "tokens": tokens}
