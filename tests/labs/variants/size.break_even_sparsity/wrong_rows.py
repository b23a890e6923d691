"""One start for each row."""

MISTAKE = "one start too few"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    dense = rows * columns * value_bytes
    if dense == 0:
        return 1.0
    each = value_bytes + column_bytes
    kept = (dense - rows * start_bytes) / each
    return min(1.0, max(0.0, 1 - kept / (rows * columns)))
