"""Takes the mean of the tensors' shares."""

import torch

MISTAKE = "mean over the tensors"


def band_shares(blocks, small, large):
    result = torch.zeros(len(blocks), 3, dtype=torch.float64)
    for row, block in zip(result, blocks, strict=True):
        filled = [tensor.double().abs() for tensor in block if tensor.numel()]
        for size in filled:
            row[0] += (size < small).double().mean() / len(filled)
            row[1] += ((size >= small) & (size < large)).double().mean() / len(filled)
            row[2] += (size >= large).double().mean() / len(filled)
    return result
