"""Two lines and where they meet, by numpy."""

import numpy as np


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    dense = np.float64(rows * columns * value_bytes)
    starts = (rows + 1) * start_bytes
    full = rows * columns * (value_bytes + column_bytes) + starts
    if dense <= starts:
        return 1.0
    return float(np.clip((full - dense) / (full - starts), 0, 1))
