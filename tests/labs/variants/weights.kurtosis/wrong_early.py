"""Returns 0 where the variance is small."""

MISTAKE = "a small variance taken for 0"


def excess_kurtosis(weight):
    values = weight.double()
    if values.numel() == 0 or values.min() == values.max():
        return 0.0
    deviation = values - values.mean()
    variance = deviation.square().mean()
    if variance < 1e-12:
        return 0.0
    return (deviation.pow(4).mean() / variance**2).item() - 3
