"""Groups run down the columns."""

import torch

MISTAKE = "groups along columns"


def two_four_mask(weight):
    sizes = weight.abs().t().contiguous()
    order = sizes.view(-1, 4).argsort(dim=1, stable=True)
    mask = torch.ones(order.shape, dtype=torch.bool)
    mask.scatter_(1, order[:, :2], False)
    return mask.view(sizes.shape).t()
