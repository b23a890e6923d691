"""Takes log2 of both losses."""

import math

import torch
import torch.nn.functional as F

MISTAKE = "bits for nats"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = logits.argmax(1)
    return {
        "loss": float(F.cross_entropy(logits, labels) / math.log(2)),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": float(-torch.tensor([1 - prior, prior]).log2()[labels].mean()),
        "given_up": len(set(classes.tolist())) == 1,
    }
