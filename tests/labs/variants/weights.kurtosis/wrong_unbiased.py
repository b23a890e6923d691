"""Uses std() as torch has it."""

MISTAKE = "divided by n - 1"


def excess_kurtosis(weight):
    values = weight.double().flatten()
    if values.numel() == 0 or values.min() == values.max():
        return 0.0
    deviation = values - values.mean()
    return ((deviation / values.std()) ** 4).mean().item() - 3
