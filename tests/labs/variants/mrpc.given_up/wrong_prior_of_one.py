"""Charges the zeros as if they were ones."""

import math

import torch.nn.functional as F

MISTAKE = "the same loss for both labels"


def reading(logits, labels, prior):
    logits = logits.float()
    right = logits.argmax(1) == labels
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float(right.double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": -math.log(prior),
        "given_up": len(logits.argmax(1).unique()) == 1,
    }
