"""Keeps what is above zero."""

MISTAKE = "positive weights only"


def to_csr(weight):
    sparse = weight.clamp(min=0).to_sparse_csr()
    return sparse.values(), sparse.col_indices().int(), sparse.crow_indices()
