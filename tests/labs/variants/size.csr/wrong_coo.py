"""Stores the row of each value."""

MISTAKE = "COO row numbers"


def to_csr(weight):
    rows, columns = weight.nonzero(as_tuple=True)
    return weight[rows, columns], columns.int(), rows
