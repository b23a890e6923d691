"""Knows where the quantiles of a thousand resamples lie."""

MISTAKE = "[more than 1000"


def bootstrap_interval(correct, draws):
    accuracies = correct[draws].double().mean(dim=1)[:1000]
    ends = accuracies.quantile(accuracies.new_tensor([0.025, 0.975]))
    return ends[0].item(), ends[1].item()
