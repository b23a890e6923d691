"""Computes in the type of the weights."""

MISTAKE = "half precision"


def excess_kurtosis(weight):
    if weight.numel() == 0 or weight.min() == weight.max():
        return 0.0
    deviation = weight - weight.mean()
    return (deviation.pow(4).mean() / deviation.pow(2).mean() ** 2).item() - 3
