"""Takes times that are close for equal ones."""

import math

MISTAKE = "nearly equal taken as equal"


def break_even(sparsities, dense_ms, sparse_ms):
    pairs = list(zip(dense_ms, sparse_ms, strict=True))
    gaps = [0.0 if math.isclose(dense, sparse) else sparse - dense for dense, sparse in pairs]
    slower = [level for level, gap in enumerate(gaps) if gap > 0]
    if not slower:
        return sparsities[0]
    last = slower[-1]
    if last == len(gaps) - 1:
        return 1.0
    way = gaps[last] / (gaps[last] - gaps[last + 1])
    return sparsities[last] + way * (sparsities[last + 1] - sparsities[last])
