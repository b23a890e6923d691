"""Ranks of all weights, computed once, compared with each count."""

import numpy as np
import torch


def sweep(weights, levels):
    if not weights:
        return [{} for _ in levels]
    flat = np.concatenate([np.abs(w.double().numpy()).ravel() for w in weights.values()])
    rank = np.empty(flat.size, dtype=int)
    rank[np.argsort(flat, kind="stable")] = np.arange(flat.size)
    results = []
    for level in levels:
        start, result = 0, {}
        for name, weight in weights.items():
            part = rank[start : start + weight.numel()] >= round(level * flat.size)
            result[name] = weight * torch.from_numpy(part.reshape(weight.shape))
            start += weight.numel()
        results.append(result)
    return results
