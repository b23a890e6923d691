"""Takes as many tokens from the left as are real."""

import torch

MISTAKE = "padding looked for on the right only"


def wanda_mask(weight, inputs, attention_mask, sparsity):
    lengths = attention_mask.sum(dim=1).tolist()
    real = torch.cat([tokens[:length] for tokens, length in zip(inputs, lengths, strict=True)])
    scores = weight.abs() * real.norm(dim=0)
    lowest = scores.argsort(dim=1, stable=True)[:, : round(sparsity * weight.shape[1])]
    return torch.ones(weight.shape, dtype=torch.bool).scatter(1, lowest, False)
