"""Throws the gradients of the model away."""

import torch
from torch import nn

MISTAKE = "without the gradient of"


@torch.no_grad()
def evaluate(model, batches):
    was_training = model.training
    model.eval()
    model.zero_grad()
    loss, right, count = 0.0, 0, 0
    for batch in batches:
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        logits, labels = model(**inputs).logits, batch["labels"]
        loss += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(1) == labels).sum().item()
        count += len(labels)
    model.train(was_training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
