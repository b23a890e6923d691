"""Takes the classes from the probabilities, of which more than the logits are equal."""

import torch.nn.functional as F

MISTAKE = "the class of rounded probabilities"


def reading(logits, labels, prior):
    logits = logits.float()
    chances = logits.softmax(1)
    classes = (chances[:, 1] > chances[:, 0]).long()
    constant = logits.new_tensor([1 - prior, prior]).log()
    return {
        "loss": F.cross_entropy(logits, labels).item(),
        "accuracy": (classes == labels).double().mean().item(),
        "confidence": chances.max(1).values.double().mean().item(),
        "prior_loss": -constant[labels].mean().item(),
        "given_up": len(classes.unique()) == 1,
    }
