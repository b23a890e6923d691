"""Takes less than five percent for as fast."""

MISTAKE = "nearly equal taken as equal"


def break_even(sparsities, dense_ms, sparse_ms):
    gaps = [sparse - dense for dense, sparse in zip(dense_ms, sparse_ms, strict=True)]
    slower = [i for i, gap in enumerate(gaps) if gap > 0.05 * dense_ms[i]]
    if not slower:
        return sparsities[0]
    i = slower[-1]
    if i == len(gaps) - 1:
        return 1.0
    way = gaps[i] / (gaps[i] - gaps[i + 1])
    return sparsities[i] + way * (sparsities[i + 1] - sparsities[i])
