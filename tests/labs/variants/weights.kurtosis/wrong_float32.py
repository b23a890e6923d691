"""Computes in float32."""

MISTAKE = "float32 is not enough"


def excess_kurtosis(weight):
    values = weight.float()
    if values.numel() == 0 or values.min() == values.max():
        return 0.0
    deviation = values - values.mean()
    return (deviation.pow(4).mean() / deviation.pow(2).mean() ** 2).item() - 3
