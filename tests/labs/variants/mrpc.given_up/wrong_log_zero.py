"""Takes the logarithm of the softmax."""

import torch

MISTAKE = "the logarithm of 0"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = logits.argmax(1)
    return {
        "loss": float(-logits.softmax(1)[torch.arange(len(labels)), labels].log().mean()),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": float(-torch.tensor([1 - prior, prior]).log()[labels].mean()),
        "given_up": len(set(classes.tolist())) == 1,
    }
