"""Takes a small spread for none."""

import torch.nn.functional as F

MISTAKE = "given up if nearly all agree"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = (logits[:, 1] > logits[:, 0]).long()
    constant = logits.new_tensor([1 - prior, prior]).log()
    return {
        "loss": F.cross_entropy(logits, labels).item(),
        "accuracy": (classes == labels).double().mean().item(),
        "confidence": logits.softmax(1).max(1).values.double().mean().item(),
        "prior_loss": -constant[labels].mean().item(),
        "given_up": bool(classes.double().std(correction=0) < 1e-3),
    }
