"""Returns sparsities above 1."""

MISTAKE = "not clamped"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    dense = rows * columns * value_bytes
    if dense == 0:
        return 1.0
    each = value_bytes + column_bytes
    kept = (dense - (rows + 1) * start_bytes) / each
    return 1 - kept / (rows * columns)
