"""Calls torch's sparsifier, whose masks are by the norm of blocks; here of one weight."""

import torch
from torch.ao.pruning import WeightNormSparsifier

MISTAKE = "torch.ao.pruning"


def magnitude_mask(weight, sparsity):
    block = (1, 1)
    sparsifier = WeightNormSparsifier(sparsity, sparse_block_shape=block, zeros_per_block=1)
    row = weight.reshape(1, -1).abs()
    mask = sparsifier._make_tensor_mask(row, row.shape, sparsity, sparse_block_shape=block)
    return mask.to(torch.bool).reshape(weight.shape)
