"""Leaves the mask out."""

import torch
from torch.nn.functional import cross_entropy

MISTAKE = "mask not passed"


def evaluate(model, batches):
    training = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in batches:
            logits = model(input_ids=batch["input_ids"]).logits
            loss += cross_entropy(logits, batch["labels"], reduction="sum").item()
            right += (logits.argmax(1) == batch["labels"]).sum().item()
            count += len(logits)
    model.train(training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
