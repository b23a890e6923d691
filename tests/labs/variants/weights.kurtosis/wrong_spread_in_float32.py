"""Looks whether all are equal by a float32 spread, 0 for tiny weights."""

MISTAKE = "tried excess_kurtosis"


def excess_kurtosis(weight):
    values = weight.double()
    if values.numel() == 0 or values.var(correction=0) < 1e-40:
        return 0.0
    deviation = values - values.mean()
    return ((deviation**4).mean() / (deviation**2).mean() ** 2 - 3).item()
