"""Marks what does not count by -100, as transformers does, and lets torch average."""

import torch


def token_loss(logits, input_ids, attention_mask):
    labels = input_ids.clone()
    labels[attention_mask == 0] = -100
    labels[:, 1:][attention_mask[:, :-1] == 0] = -100
    labels = labels[:, 1:].reshape(-1)
    flat = logits[:, :-1].reshape(len(labels), logits.shape[-1]).to(torch.float64)
    tokens = (labels != -100).sum()
    loss = torch.nn.functional.cross_entropy(flat, labels) if tokens else torch.tensor(0.0)
    return {"loss": loss.item(), "tokens": tokens.item()}
