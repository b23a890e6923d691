"""Takes the entropy of the prior."""

import math

import torch.nn.functional as F

MISTAKE = "the entropy of the prior"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = logits.argmax(1)
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": float(-(prior * math.log(prior) + (1 - prior) * math.log(1 - prior))),
        "given_up": len(set(classes.tolist())) == 1,
    }
