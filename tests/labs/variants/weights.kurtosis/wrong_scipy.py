"""Lets scipy compute it."""

from scipy.stats import kurtosis as tails

MISTAKE = "scipy.stats"


def excess_kurtosis(weight):
    values = weight.double().numpy().ravel()
    return 0.0 if len(set(values)) < 2 else float(tails(values))
