"""Takes the class of the probabilities, which are equal sooner than the logits."""

import torch
from torch import nn

MISTAKE = "differ in the last digit"


@torch.no_grad()
def evaluate(model, batches):
    was_training = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    for batch in batches:
        inputs = {name: batch[name] for name in ("input_ids", "attention_mask")}
        logits, labels = model(**inputs).logits, batch["labels"]
        loss += nn.functional.cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.softmax(1).argmax(1) == labels).sum().item()
        count += len(labels)
    model.train(was_training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
