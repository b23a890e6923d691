"""The share of kept weights."""

MISTAKE = "density for sparsity"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    dense = rows * columns * value_bytes
    if dense == 0:
        return 0.0
    each = value_bytes + column_bytes
    kept = (dense - (rows + 1) * start_bytes) / each
    return min(1.0, max(0.0, kept / (rows * columns)))
