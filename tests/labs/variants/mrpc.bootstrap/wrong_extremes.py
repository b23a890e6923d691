"""Takes the range of the resamples."""

MISTAKE = "the smallest and the largest"


def bootstrap_interval(correct, draws):
    accuracies = correct[draws].double().mean(1)
    return accuracies.min().item(), accuracies.max().item()
