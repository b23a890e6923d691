"""Keeps the bytes in 32 bits."""

import numpy as np

MISTAKE = "[ten billion weights]"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    weights = rows * columns
    room = int(np.int64(weights * value_bytes).astype(np.int32)) - (rows + 1) * start_bytes
    return 1 - room / (value_bytes + column_bytes) / weights if room > 0 else 1.0
