"""Returns the kurtosis, not the excess."""

MISTAKE = "3 not subtracted"


def excess_kurtosis(weight):
    values = weight.double().flatten()
    if values.numel() == 0 or values.min() == values.max():
        return 0.0
    deviation = values - values.mean()
    return (deviation.pow(4).mean() / deviation.pow(2).mean() ** 2).item()
