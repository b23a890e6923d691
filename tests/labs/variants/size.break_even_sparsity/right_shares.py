"""Bytes for each weight instead of bytes in all."""


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    weights = rows * columns
    if not weights:
        return 1.0
    each = value_bytes + column_bytes
    overhead = (column_bytes + start_bytes * (rows + 1) / weights) / each
    return min(overhead, 1.0)
