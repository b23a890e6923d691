"""Counts the indices only."""

MISTAKE = "values left out of CSR"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    n = rows * columns
    if n == 0:
        return 1.0
    left = n * value_bytes - (rows + 1) * start_bytes
    if column_bytes == 0:
        return 0.0
    return min(max(1 - left / column_bytes / n, 0.0), 1.0)
