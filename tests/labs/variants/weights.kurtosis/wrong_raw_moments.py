"""Forgets the mean."""

MISTAKE = "mean not removed"


def excess_kurtosis(weight):
    values = weight.double().flatten()
    if values.numel() == 0 or values.min() == values.max():
        return 0.0
    return (values.pow(4).mean() / values.pow(2).mean() ** 2).item() - 3
