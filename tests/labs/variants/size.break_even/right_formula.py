"""The share of the extra bytes, in one fraction."""


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    n = rows * columns
    if not n:
        return 1.0
    extra = n * column_bytes + (rows + 1) * start_bytes
    return min(extra / (n * (value_bytes + column_bytes)), 1.0)
