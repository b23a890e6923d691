"""Takes the signs away and puts them only in the values."""

MISTAKE = "changed its input in place"


def to_csr(weight):
    signs = weight.sign()
    sparse = weight.abs_().to_sparse_csr()
    kept = weight != 0
    return (signs * weight)[kept], sparse.col_indices().int(), sparse.crow_indices()
