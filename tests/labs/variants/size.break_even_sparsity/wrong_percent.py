"""Returns percent."""

MISTAKE = "percent"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    dense = rows * columns * value_bytes
    if dense == 0:
        return 100.0
    each = value_bytes + column_bytes
    kept = (dense - (rows + 1) * start_bytes) / each
    return 100 * min(1.0, max(0.0, 1 - kept / (rows * columns)))
