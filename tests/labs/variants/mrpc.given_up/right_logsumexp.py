"""The logarithm of the sum less the logit of the label, in float32."""

import math

import torch


def reading(logits, labels, prior):
    logits = logits.float()
    losses = logits.logsumexp(1) - logits.gather(1, labels[:, None])[:, 0]
    ones = logits[:, 1] > logits[:, 0]
    chances = torch.tensor([math.log(1 - prior), math.log(prior)], dtype=torch.float64)
    return {
        "loss": losses.mean().item(),
        "accuracy": (ones == labels.bool()).double().mean().item(),
        "confidence": logits.softmax(1).amax(1).double().mean().item(),
        "prior_loss": -chances[labels].mean().item(),
        "given_up": bool(ones.all()) or not bool(ones.any()),
    }
