"""numpy, whose std divides by n."""

import numpy as np


def excess_kurtosis(weight):
    values = weight.double().numpy().ravel()
    if values.size == 0 or values.min() == values.max():
        return 0.0
    return np.mean(((values - values.mean()) / values.std()) ** 4) - 3
