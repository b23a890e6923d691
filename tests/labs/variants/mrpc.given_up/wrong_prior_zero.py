"""Takes the prior for that of class 0."""

import torch
import torch.nn.functional as F

MISTAKE = "the prior of class 0"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = logits.argmax(1)
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": float(-torch.tensor([prior, 1 - prior]).log()[labels].mean()),
        "given_up": len(set(classes.tolist())) == 1,
    }
