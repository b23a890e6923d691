"""Plain Python floats, which are float64."""

from math import fsum


def excess_kurtosis(weight):
    values = weight.flatten().tolist()
    if len(set(values)) < 2:
        return 0.0
    mean = fsum(values) / len(values)
    second = fsum((value - mean) ** 2 for value in values)
    fourth = fsum((value - mean) ** 4 for value in values)
    return len(values) * fourth / second**2 - 3
