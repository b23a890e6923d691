"""Takes the mean in float32 and the deviations in float64."""

MISTAKE = "the mean in float32"


def excess_kurtosis(weight):
    if weight.numel() == 0 or weight.min() == weight.max():
        return 0.0
    deviation = weight.double() - weight.float().mean().double()
    return ((deviation**4).mean() / (deviation**2).mean() ** 2 - 3).item()
