"""Plain Python: sorted() is stable."""

import torch


def magnitude_mask(weight, sparsity):
    values = weight.flatten().tolist()
    order = sorted(range(len(values)), key=lambda index: abs(values[index]))
    pruned = set(order[: round(sparsity * len(values))])
    kept = [index not in pruned for index in range(len(values))]
    return torch.tensor(kept, dtype=torch.bool).reshape(weight.shape)
