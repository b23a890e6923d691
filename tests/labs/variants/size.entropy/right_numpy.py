"""Both shares at once in numpy, those above 0 alone."""

import numpy as np


def entropy_bits(n, kept):
    counts = np.array([kept, n - kept], dtype=np.float64)
    counts = counts[counts > 0]
    return float((counts * np.log2(n / counts)).sum()) + 0.0
