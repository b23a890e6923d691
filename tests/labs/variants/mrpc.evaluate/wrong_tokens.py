"""Divides by the number of tokens."""

from torch import nn, no_grad

MISTAKE = "tokens counted for examples"


@no_grad()
def evaluate(model, batches):
    training, loss, right, count = model.training, 0.0, 0, 0
    model.eval()
    for batch in batches:
        logits = model(batch["input_ids"], batch["attention_mask"]).logits
        loss += nn.functional.cross_entropy(logits, batch["labels"], reduction="sum").item()
        right += int((logits.argmax(1) == batch["labels"]).sum())
        count += int(batch["attention_mask"].sum())
    model.train(training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
