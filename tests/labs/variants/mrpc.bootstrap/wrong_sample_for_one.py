"""Takes the accuracy of the sample where there is one resample."""

import numpy as np

MISTAKE = "the accuracy of the sample"


def bootstrap_interval(correct, draws):
    if len(draws) == 1:
        return (float(correct.double().mean()),) * 2
    low, high = np.quantile(correct[draws].double().mean(dim=1).numpy(), [0.025, 0.975])
    return float(low), float(high)
