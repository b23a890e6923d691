"""Named tuples of fractions."""

from collections import namedtuple
from fractions import Fraction

import torch

Pair = namedtuple("Pair", "together alone")


def sparsity_by_layer(weights, sparsity):
    if not weights:
        return {}
    together = torch.cat([weight.abs().flatten() for weight in weights.values()])
    gone = torch.zeros(together.numel(), dtype=torch.bool)
    gone[together.argsort(stable=True)[: round(sparsity * together.numel())]] = True
    sizes = {name: weight.numel() for name, weight in weights.items()}
    result = {}
    for (name, size), part in zip(sizes.items(), gone.split(list(sizes.values())), strict=True):
        counts = (int(part.sum()), round(sparsity * size))
        result[name] = Pair(*(Fraction(count, max(size, 1)) for count in counts))
    return result
