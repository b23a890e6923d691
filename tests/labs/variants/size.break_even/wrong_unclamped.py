"""Returns a sparsity above 1."""

MISTAKE = "not clamped"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    n = rows * columns
    if n == 0:
        return 1.0
    kept = (n * value_bytes - (rows + 1) * start_bytes) / (value_bytes + column_bytes)
    return 1 - kept / n
