"""Compares with a coin."""

import math

import torch.nn.functional as F

MISTAKE = "the prior loss of a coin"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = logits.argmax(1)
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": float(math.log(2)),
        "given_up": len(set(classes.tolist())) == 1,
    }
