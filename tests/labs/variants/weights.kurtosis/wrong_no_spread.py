"""Divides by a variance of zero."""

MISTAKE = "0/0"


def excess_kurtosis(weight):
    values = weight.double()
    deviation = values - values.mean()
    return (deviation.pow(4).mean() / deviation.pow(2).mean() ** 2).item() - 3
