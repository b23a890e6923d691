"""Counts values and row starts only."""

MISTAKE = "column indices forgotten"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    n = rows * columns
    if n == 0:
        return 1.0
    return min((rows + 1) * start_bytes / (n * value_bytes), 1.0)
