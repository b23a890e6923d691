"""Moves the logits in place: float() makes no copy of what is float32."""

import torch
import torch.nn.functional as F

MISTAKE = "changed its input in place"


def reading(logits, labels, prior):
    logits = logits.float()
    logits -= logits.max(1, keepdim=True).values
    classes = logits.argmax(1)
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": float(-torch.tensor([1 - prior, prior]).log()[labels].mean()),
        "given_up": len(set(classes.tolist())) == 1,
    }
