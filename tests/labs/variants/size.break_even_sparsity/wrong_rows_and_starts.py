"""Counts a row for each value beside the starts."""

MISTAKE = "a row for each value"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    room = rows * columns * value_bytes - (rows + 1) * start_bytes
    if rows * columns == 0 or room <= 0:
        return 1.0
    return 1 - room / (value_bytes + 2 * column_bytes) / (rows * columns)
