"""Divides by std squared."""

MISTAKE = "divided by the variance only"


def excess_kurtosis(weight):
    values = weight.double().flatten()
    if values.numel() == 0 or values.min() == values.max():
        return 0.0
    deviation = values - values.mean()
    return (deviation.pow(4).mean() / values.std(correction=0) ** 2).item() - 3
