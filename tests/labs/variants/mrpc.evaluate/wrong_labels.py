"""Wants the loss from the model."""

import torch

MISTAKE = "labels handed to the model"


def evaluate(model, batches):
    training = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in batches:
            output = model(**batch)
            logits = output.logits
            loss += output.loss.item() * len(logits)
            right += (logits.argmax(1) == batch["labels"]).sum().item()
            count += len(logits)
    model.train(training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
