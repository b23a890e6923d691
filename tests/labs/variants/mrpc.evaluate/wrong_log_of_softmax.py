"""Takes the logarithm of the softmax: infinite where the model is sure and wrong."""

import torch

MISTAKE = "the logarithm of 0"


@torch.no_grad()
def evaluate(model, batches):
    was = model.training
    model.eval()
    loss, right, count = 0.0, 0, 0
    for batch in batches:
        mask, labels = batch["attention_mask"], batch["labels"]
        chances = model(input_ids=batch["input_ids"], attention_mask=mask).logits.softmax(1)
        loss -= chances.gather(1, labels[:, None]).log().sum().item()
        right += (chances.argmax(1) == labels).sum().item()
        count += len(labels)
    model.train(was)
    return {"loss": loss / max(count, 1), "accuracy": right / max(count, 1)}
