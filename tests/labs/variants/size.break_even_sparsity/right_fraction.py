"""Exact fractions."""

from fractions import Fraction


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    weights = Fraction(rows * columns)
    room = weights * value_bytes - (rows + 1) * start_bytes
    if room < 0:
        return 1.0
    return float(1 - room / (value_bytes + column_bytes) / weights)
