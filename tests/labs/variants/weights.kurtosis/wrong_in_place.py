"""Removes the mean in place."""

MISTAKE = "changed its input in place"


def excess_kurtosis(weight):
    if weight.numel() == 0 or weight.min() == weight.max():
        return 0.0
    deviation = weight.sub_(weight.mean()).double()
    deviation -= deviation.mean()
    return (deviation.pow(4).mean() / deviation.pow(2).mean() ** 2).item() - 3
