"""Takes every accuracy up to that of the majority for a model that has given up."""

import math

import torch.nn.functional as F

MISTAKE = "given up by the accuracy"


def reading(logits, labels, prior):
    logits = logits.float()
    right = logits.argmax(1) == labels
    ones = labels.double().mean().item()
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float(right.double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": -ones * math.log(prior) - (1 - ones) * math.log(1 - prior),
        "given_up": right.sum().item() <= labels.bincount().max().item(),
    }
