"""Gives ties to class 1."""

import torch
import torch.nn.functional as F

MISTAKE = "class 1 on a tie"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = (logits[:, 1] >= logits[:, 0]).long()
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": float(-torch.tensor([1 - prior, prior]).log()[labels].mean()),
        "given_up": len(set(classes.tolist())) == 1,
    }
