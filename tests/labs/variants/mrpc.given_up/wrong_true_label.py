"""Takes the probability of the label."""

import torch
import torch.nn.functional as F

MISTAKE = "the confidence in the true label"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = logits.argmax(1)
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1)[torch.arange(len(labels)), labels].mean()),
        "prior_loss": float(-torch.tensor([1 - prior, prior]).log()[labels].mean()),
        "given_up": len(set(classes.tolist())) == 1,
    }
