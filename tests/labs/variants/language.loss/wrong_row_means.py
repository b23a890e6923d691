"""Averages each row, then the rows."""

import torch

MISTAKE = "the mean of row means"


def token_loss(logits, input_ids, attention_mask):
    rows = []
    tokens = 0
    for scores, ids, mask in zip(logits.float(), input_ids, attention_mask, strict=True):
        counts = (mask[1:] * mask[:-1]).bool()
        tokens += int(counts.sum())
        if counts.any():
            picked = scores[:-1][counts]
            rows.append(torch.nn.functional.cross_entropy(picked, ids[1:][counts]).item())
    return {"loss": sum(rows) / max(len(rows), 1), "tokens": tokens}
