"""Stores |w|."""

MISTAKE = "absolute values"


def to_csr(weight):
    sparse = weight.abs().to_sparse_csr()
    return sparse.values(), sparse.col_indices().int(), sparse.crow_indices()
