"""Interpolates the speed-up."""

MISTAKE = "ratio interpolated"


def break_even(sparsities, dense_ms, sparse_ms):
    gaps = [sparse - dense for dense, sparse in zip(dense_ms, sparse_ms, strict=True)]
    slower = [i for i, gap in enumerate(gaps) if gap > 0]
    if not slower:
        return sparsities[0]
    i = slower[-1]
    if i + 1 == len(gaps):
        return 1.0
    low, high = (dense_ms[j] / sparse_ms[j] for j in (i, i + 1))
    share = (1 - low) / (high - low)
    return sparsities[i] + share * (sparsities[i + 1] - sparsities[i])
