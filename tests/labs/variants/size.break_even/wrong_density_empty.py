"""Returns the share that is kept, none of an empty matrix."""

MISTAKE = "density"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    n = rows * columns
    if n == 0:
        return 0.0
    kept = (n * value_bytes - (rows + 1) * start_bytes) / (value_bytes + column_bytes)
    return min(max(kept / n, 0.0), 1.0)
