"""Evaluates a copy of the model."""

import copy

import torch
from torch import nn

MISTAKE = "the model was never called"


@torch.no_grad()
def evaluate(model, batches):
    model = copy.deepcopy(model).eval()
    loss, right, count = 0.0, 0, 0
    for batch in batches:
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        logits, labels = model(**inputs).logits, batch["labels"]
        loss += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(1) == labels).sum().item()
        count += len(labels)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
