"""Stops at the first crossing, or at the first level where sparse is fast there."""

MISTAKE = "first crossing"


def break_even(sparsities, dense_ms, sparse_ms):
    gaps = [sparse - dense for dense, sparse in zip(dense_ms, sparse_ms, strict=True)]
    if gaps[0] <= 0:
        return sparsities[0]
    for i in range(len(gaps) - 1):
        if gaps[i] > 0 >= gaps[i + 1]:
            way = gaps[i] / (gaps[i] - gaps[i + 1])
            return sparsities[i] + way * (sparsities[i + 1] - sparsities[i])
    return 1.0
