"""Rounds the number of kept weights down."""

MISTAKE = "whole weights"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    weights = rows * columns
    room = weights * value_bytes - (rows + 1) * start_bytes
    if room <= 0:
        return 1.0
    return 1 - room // (value_bytes + column_bytes) / weights
