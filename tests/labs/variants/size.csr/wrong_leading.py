"""Leaves the first start out."""

MISTAKE = "no leading 0"


def to_csr(weight):
    rows, columns = weight.nonzero(as_tuple=True)
    return weight[rows, columns], columns.int(), (weight != 0).sum(1).cumsum(0)
