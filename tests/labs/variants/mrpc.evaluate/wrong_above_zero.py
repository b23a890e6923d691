"""Looks at one logit."""

import torch
from torch.nn.functional import cross_entropy

MISTAKE = "a logit above 0 for the answer"


def evaluate(model, batches):
    training = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in batches:
            mask = batch["attention_mask"]
            logits = model(input_ids=batch["input_ids"], attention_mask=mask).logits
            loss += cross_entropy(logits, batch["labels"], reduction="sum").item()
            right += ((logits[:, 1] > 0) == batch["labels"]).sum().item()
            count += len(logits)
    model.train(training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
