"""Divides by the number of weights, whatever it is."""

MISTAKE = "an empty matrix"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    n = rows * columns
    kept = (n * value_bytes - (rows + 1) * start_bytes) / (value_bytes + column_bytes)
    return min(max(1 - kept / n, 0.0), 1.0)
