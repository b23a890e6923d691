"""Neither shifts nor leaves out the first token."""

import torch

MISTAKE = "logits not shifted"


def token_loss(logits, input_ids, attention_mask):
    counts = attention_mask.bool()
    losses = torch.nn.functional.cross_entropy(
        logits.float().transpose(1, 2), input_ids, reduction="none"
    )
    tokens = int(counts.sum())
    return {"loss": losses[counts].sum().item() / max(tokens, 1), "tokens": tokens}
