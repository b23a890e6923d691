"""Freezes the parameters while it evaluates, and puts the flags back."""

from torch.nn.functional import cross_entropy


def evaluate(model, batches):
    was, flags = model.training, [p.requires_grad for p in model.parameters()]
    model.eval().requires_grad_(False)
    loss = right = count = 0
    for batch in batches:
        mask, labels = batch["attention_mask"], batch["labels"]
        logits = model(input_ids=batch["input_ids"], attention_mask=mask).logits
        loss += cross_entropy(logits, labels, reduction="sum").item()
        right += (logits.argmax(1) == labels).sum().item()
        count += len(labels)
    for parameter, flag in zip(model.parameters(), flags, strict=True):
        parameter.requires_grad_(flag)
    model.train(was)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
