"""Sets padding to -100 in the ids that it was given."""

import torch

MISTAKE = "changed its input in place"


def token_loss(logits, input_ids, attention_mask):
    input_ids[attention_mask == 0] = -100
    labels = input_ids.clone()
    labels[:, 1:][attention_mask[:, :-1] == 0] = -100
    labels = labels[:, 1:].reshape(-1)
    tokens = int((labels != -100).sum())
    flat = logits[:, :-1].reshape(len(labels), -1).float()
    loss = torch.nn.functional.cross_entropy(flat, labels, reduction="sum").item()
    return {"loss": loss / max(tokens, 1), "tokens": tokens}
