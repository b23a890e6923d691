"""Returns the number of all tokens."""

import torch

MISTAKE = "all tokens counted"


def token_loss(logits, input_ids, attention_mask):
    counts = (attention_mask[:, 1:] * attention_mask[:, :-1]).bool()
    losses = torch.nn.functional.cross_entropy(
        logits[:, :-1].float().transpose(1, 2), input_ids[:, 1:], reduction="none"
    )
    tokens = int(counts.sum())
    return {
        "loss": losses[counts].sum().item() / max(tokens, 1),
        "tokens": int(attention_mask.sum()),
    }
