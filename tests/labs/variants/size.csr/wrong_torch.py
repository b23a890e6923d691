"""Lets torch do the exercise, with the dtypes put right."""

MISTAKE = "called to_sparse_csr"


def to_csr(weight):
    sparse = weight.to_sparse_csr()
    return sparse.values(), sparse.col_indices().int(), sparse.crow_indices()
