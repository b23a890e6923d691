"""Compares with the k-th smallest |w|, so all that tie with it go."""

MISTAKE = "threshold with ties"


def magnitude_mask(weight, sparsity):
    count = round(sparsity * weight.numel())
    if count == 0:
        return weight == weight
    return weight.abs() > weight.abs().flatten().kthvalue(count).values
