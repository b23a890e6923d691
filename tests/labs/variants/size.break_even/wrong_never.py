"""Returns the last level where sparse is slower there."""

MISTAKE = "last level for never"


def break_even(sparsities, dense_ms, sparse_ms):
    gaps = [sparse - dense for dense, sparse in zip(dense_ms, sparse_ms, strict=True)]
    slower = [i for i, gap in enumerate(gaps) if gap > 0]
    if not slower:
        return sparsities[0]
    i = slower[-1]
    if i + 1 == len(gaps):
        return sparsities[-1]
    share = gaps[i] / (gaps[i] - gaps[i + 1])
    return sparsities[i] + share * (sparsities[i + 1] - sparsities[i])
