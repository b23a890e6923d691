"""Divides by the number of weights without looking at it."""

MISTAKE = "0/0"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    each = value_bytes + column_bytes
    kept = (rows * columns * value_bytes - (rows + 1) * start_bytes) / each
    return min(1.0, max(0.0, 1 - kept / (rows * columns)))
