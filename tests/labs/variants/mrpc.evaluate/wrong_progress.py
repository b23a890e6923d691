"""Right, but shows a progress bar on standard error."""

import torch
from tqdm import tqdm

MISTAKE = "a print left in"


def evaluate(model, batches):
    was_training = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    with torch.no_grad():
        for batch in tqdm(batches):
            logits = model(batch["input_ids"], batch["attention_mask"]).logits
            labels = batch["labels"]
            loss += torch.nn.functional.cross_entropy(logits, labels, reduction="sum").item()
            right += int((logits.argmax(1) == labels).sum())
            count += len(labels)
    model.train(was_training)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
