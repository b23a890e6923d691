"""Divides by the number of no examples."""

import torch
from torch.nn.functional import cross_entropy

MISTAKE = "0/0"


def evaluate(model, batches):
    training = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in batches:
            mask = batch["attention_mask"]
            logits = model(input_ids=batch["input_ids"], attention_mask=mask).logits
            loss += cross_entropy(logits, batch["labels"], reduction="sum").item()
            right += (logits.argmax(1) == batch["labels"]).sum().item()
            count += len(logits)
    model.train(training)
    return {"loss": loss / count, "accuracy": right / count}
