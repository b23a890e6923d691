"""Stops at the first crossing."""

MISTAKE = "first crossing"


def break_even(sparsities, dense_ms, sparse_ms):
    gaps = [sparse - dense for dense, sparse in zip(dense_ms, sparse_ms, strict=True)]
    for i in range(len(gaps) - 1):
        if gaps[i] > 0 >= gaps[i + 1]:
            share = gaps[i] / (gaps[i] - gaps[i + 1])
            return sparsities[i] + share * (sparsities[i + 1] - sparsities[i])
    return sparsities[0] if gaps[0] <= 0 else 1.0
