"""As published: errors are collected, later blocks change once a block."""

import torch


def sparsegpt(weight, factor, sparsity, block):
    w = weight.double()
    for first in range(0, w.shape[1], block):
        last = min(first + block, w.shape[1])
        part, u = w[:, first:last].clone(), factor[first:last, first:last].double()
        ranks = (part**2 / u.diag() ** 2).flatten().argsort(stable=True).argsort()
        gone = (ranks < round(sparsity * part.numel())).reshape(part.shape)
        done, errors = torch.zeros_like(part), torch.zeros_like(part)
        for i in range(last - first):
            done[:, i] = part[:, i].masked_fill(gone[:, i], 0)
            errors[:, i] = (part[:, i] - done[:, i]) / u[i, i]
            part[:, i:] -= torch.outer(errors[:, i], u[i, i:])
        w = torch.cat([w[:, :first], done, w[:, last:]], dim=1)
        w[:, last:] -= errors @ factor[first:last, last:].double()
    return w.float()
