"""Clips the part that is done."""

import numpy as np


def cubic_sparsity(step, start, end, final, initial=0.0):
    if start == end:
        return final if step >= end else initial
    part = np.clip((step - start) / (end - start), 0, 1)
    return final + (initial - final) * (1 - part) ** 3
