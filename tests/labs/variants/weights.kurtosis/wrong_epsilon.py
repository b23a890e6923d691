"""Adds a small number to what it divides by."""

MISTAKE = "a small variance taken for 0"


def excess_kurtosis(weight):
    values = weight.double()
    if values.numel() == 0 or values.min() == values.max():
        return 0.0
    deviation = values - values.mean()
    return (deviation.pow(4).mean() / (deviation.square().mean() ** 2 + 1e-16)).item() - 3
