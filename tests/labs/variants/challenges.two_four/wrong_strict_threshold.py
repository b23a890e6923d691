"""Prunes all that is as small as the second smallest."""

MISTAKE = "threshold prunes ties"


def two_four_mask(weight):
    sizes = weight.abs().reshape(-1, 4)
    return (sizes > sizes.kthvalue(2, dim=1, keepdim=True).values).reshape(weight.shape)
