"""numpy without a look at the ends."""

import numpy as np

MISTAKE = "log of 0"


def entropy_bits(n, kept):
    p = np.float64(kept) / np.float64(n)
    with np.errstate(all="ignore"):
        return -n * (p * np.log2(p) + (1 - p) * np.log2(1 - p))
