"""Keeps all that is as large as the second largest."""

MISTAKE = "threshold keeps ties"


def two_four_mask(weight):
    sizes = weight.abs().reshape(-1, 4)
    second = sizes.topk(2, dim=1).values[:, 1:]
    return (sizes >= second).reshape(weight.shape)
