"""Compares (1 - s) * dense with dense."""

MISTAKE = "only the values counted"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    n = rows * columns
    if n == 0:
        return 1.0
    return 0.0
