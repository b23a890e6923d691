"""The zeros cost nothing."""

MISTAKE = "columns forgotten"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    dense = rows * columns * value_bytes
    if dense == 0:
        return 1.0
    kept = (dense - (rows + 1) * start_bytes) / value_bytes
    return min(1.0, max(0.0, 1 - kept / (rows * columns)))
