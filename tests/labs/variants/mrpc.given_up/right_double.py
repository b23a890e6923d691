"""float64, a sigmoid of the difference, and shares."""

import math

import torch
import torch.nn.functional as F


def reading(logits, labels, prior):
    logits = logits.double()
    gap = logits[:, 1] - logits[:, 0]
    classes = (gap > 0).long()
    share = labels.double().mean().item()
    return {
        "loss": float(F.softplus(torch.where(labels == 1, -gap, gap)).mean()),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(torch.sigmoid(gap.abs()).mean()),
        "prior_loss": float(-(share * math.log(prior) + (1 - share) * math.log(1 - prior))),
        "given_up": bool((classes == classes[0]).all()),
    }
