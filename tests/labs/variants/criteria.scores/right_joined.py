"""Joins all tokens and takes one norm, in float64."""

import torch


def wanda_scores(weight, batches):
    real = [inputs.double()[mask == 1] for inputs, mask in batches]
    together = torch.cat([torch.zeros(0, weight.shape[1]).double(), *real])
    norm = torch.linalg.vector_norm(together, dim=0)
    return torch.einsum("ij,j->ij", weight.double().abs(), norm).float()
