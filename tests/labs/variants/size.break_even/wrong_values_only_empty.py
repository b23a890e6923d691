"""Any zero saves bytes, also where there is none."""

MISTAKE = "only the values counted"


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    return 0.0
