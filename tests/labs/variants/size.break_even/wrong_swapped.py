"""Takes dense - sparse for the difference."""

MISTAKE = "dense and sparse swapped"


def break_even(sparsities, dense_ms, sparse_ms):
    gaps = [dense - sparse for dense, sparse in zip(dense_ms, sparse_ms, strict=True)]
    slower = [i for i, gap in enumerate(gaps) if gap > 0]
    if not slower:
        return sparsities[0]
    i = slower[-1]
    if i == len(gaps) - 1:
        return 1.0
    way = gaps[i] / (gaps[i] - gaps[i + 1])
    return sparsities[i] + way * (sparsities[i + 1] - sparsities[i])
