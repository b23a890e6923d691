"""torch's cross-entropy over the picked positions, with the vocabulary last."""

import torch


def token_loss(logits, input_ids, attention_mask):
    counts = (attention_mask[:, 1:] == 1) & (attention_mask[:, :-1] == 1)
    picked, wanted = logits[:, :-1][counts].float(), input_ids[:, 1:][counts]
    if len(wanted) == 0:
        return {"loss": 0.0, "tokens": 0}
    return {"loss": torch.nn.functional.cross_entropy(picked, wanted), "tokens": len(wanted)}
