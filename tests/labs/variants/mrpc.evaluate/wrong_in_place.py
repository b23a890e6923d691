"""Takes the labels out of the batches."""

import torch
from torch.nn.functional import cross_entropy

MISTAKE = "changed its input in place"


def evaluate(model, batches):
    training = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in batches:
            labels = batch.pop("labels")
            logits = model(**batch).logits
            loss += cross_entropy(logits, labels, reduction="sum").item()
            right += (logits.argmax(1) == labels).sum().item()
            count += len(logits)
    model.train(training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
