"""Takes the variance to the 4th power."""

MISTAKE = "variance taken for the standard deviation"


def excess_kurtosis(weight):
    values = weight.double().flatten()
    if values.numel() == 0 or values.min() == values.max():
        return 0.0
    deviation = values - values.mean()
    return (deviation.pow(4).mean() / values.var(correction=0) ** 4).item() - 3
