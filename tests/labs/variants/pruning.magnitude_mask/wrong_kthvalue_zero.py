"""Breaks ties rightly, but asks for the 0-th smallest weight at sparsity 0."""

MISTAKE = "k = 0"


def magnitude_mask(weight, sparsity):
    if weight.numel() == 0:
        return weight.bool()
    sizes = weight.abs().flatten()
    count = round(sparsity * sizes.numel())
    limit = sizes.kthvalue(count).values
    tied = sizes == limit
    spare = count - (sizes < limit).sum()
    return ~((sizes < limit) | (tied & (tied.cumsum(0) <= spare))).reshape(weight.shape)
