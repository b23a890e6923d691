"""Counts the values in bits."""

MISTAKE = "bits for bytes"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    n = rows * columns
    if n == 0:
        return 1.0
    bits = 8 * value_bytes
    kept = (n * bits - (rows + 1) * start_bytes) / (bits + column_bytes)
    return min(max(1 - kept / n, 0.0), 1.0)
