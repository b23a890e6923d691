"""Freezes the parameters for good."""

from torch.nn.functional import cross_entropy

MISTAKE = "was left without gradients"


def evaluate(model, batches):
    was = model.training
    model.eval().requires_grad_(False)
    loss = right = count = 0
    for batch in batches:
        mask, labels = batch["attention_mask"], batch["labels"]
        logits = model(input_ids=batch["input_ids"], attention_mask=mask).logits
        loss += cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(1) == labels).sum().item()
        count += len(labels)
    model.train(was)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
