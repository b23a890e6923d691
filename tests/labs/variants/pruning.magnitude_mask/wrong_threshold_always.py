"""Compares with the k-th smallest |w|, also for k = 0, where the index -1 gives the largest."""

MISTAKE = "threshold with ties"


def magnitude_mask(weight, sparsity):
    if weight.numel() == 0:
        return weight.bool()
    count = round(sparsity * weight.numel())
    return weight.abs() > weight.abs().flatten().sort().values[count - 1]
