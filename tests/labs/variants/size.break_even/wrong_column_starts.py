"""Counts as in CSC."""

MISTAKE = "a start for each column"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    n = rows * columns
    if n == 0:
        return 1.0
    kept = (n * value_bytes - (columns + 1) * start_bytes) / (value_bytes + column_bytes)
    return min(max(1 - kept / n, 0.0), 1.0)
