"""A running Hessian, scaled down when a batch comes, as SparseGPT's own code has it; float32."""

import math

import torch


def layer_hessian(batches, width):
    hessian, count = torch.zeros(width, width), 0
    for inputs, mask in batches:
        x = inputs[mask.bool()].t()
        new = x.shape[1]
        if new == 0:
            continue
        hessian *= count / (count + new)
        count += new
        x = math.sqrt(2 / count) * x.float()
        hessian += x.matmul(x.t())
    return hessian
