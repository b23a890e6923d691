"""Collects all logits first and looks at them once."""

import torch


def evaluate(model, batches):
    if not batches:
        return {"loss": 0.0, "accuracy": 0.0}
    mode = model.training
    model.train(False)
    with torch.inference_mode():
        logits = torch.cat([model(b["input_ids"], b["attention_mask"]).logits for b in batches])
    model.train(mode)
    labels = torch.cat([b["labels"] for b in batches])
    loss = torch.nn.CrossEntropyLoss()(logits, labels)
    return {"loss": loss.item(), "accuracy": (logits.argmax(-1) == labels).float().mean().item()}
