"""Compares the accuracy with the majority."""

import torch
import torch.nn.functional as F

MISTAKE = "given up by the accuracy"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = logits.argmax(1)
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": float(-torch.tensor([1 - prior, prior]).log()[labels].mean()),
        "given_up": int((classes == labels).sum()) == int(labels.bincount().max()),
    }
