"""Adds up the means of the batches and divides them by the number of examples."""

import torch
from torch.nn.functional import cross_entropy

MISTAKE = "batch means divided by examples"


def evaluate(model, batches):
    training = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in batches:
            mask = batch["attention_mask"]
            logits = model(input_ids=batch["input_ids"], attention_mask=mask).logits
            loss += cross_entropy(logits, batch["labels"]).item()
            right += (logits.argmax(1) == batch["labels"]).sum().item()
            count += len(logits)
    model.train(training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
