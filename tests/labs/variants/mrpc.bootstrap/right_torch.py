"""torch in float32, on counts of how often each pair is drawn."""

import torch


def bootstrap_interval(correct, draws):
    times = torch.nn.functional.one_hot(draws, len(correct)).sum(1).float()
    accuracies = times @ correct.float() / len(correct)
    low, high = torch.quantile(accuracies, torch.tensor([0.025, 0.975]))
    return low, high
