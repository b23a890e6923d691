"""Takes the share of ones for the prior."""

import torch.nn.functional as F

MISTAKE = "the prior of these labels"


def reading(logits, labels, prior):
    logits = logits.float()
    classes = logits.argmax(1)
    share = labels.float().mean()
    return {
        "loss": float(F.cross_entropy(logits, labels)),
        "accuracy": float((classes == labels).double().mean()),
        "confidence": float(logits.softmax(1).max(1).values.mean()),
        "prior_loss": float(F.binary_cross_entropy(share.expand(len(labels)), labels.float())),
        "given_up": len(set(classes.tolist())) == 1,
    }
