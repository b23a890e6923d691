"""Returns early where there are no batches, and leaves the model in evaluation mode."""

import torch
from torch.nn.functional import cross_entropy

MISTAKE = "mode not restored"


@torch.no_grad()
def evaluate(model, batches):
    was = model.training
    model.eval()
    if not batches:
        return {"loss": 0.0, "accuracy": 0.0}
    loss, right, count = 0.0, 0, 0
    for batch in batches:
        mask, labels = batch["attention_mask"], batch["labels"]
        logits = model(input_ids=batch["input_ids"], attention_mask=mask).logits
        loss += cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(1) == labels).sum().item()
        count += len(labels)
    model.train(was)
    return {"loss": loss / count, "accuracy": right / count}
