"""Takes levels off the lists."""

MISTAKE = "changed its input in place"


def break_even(sparsities, dense_ms, sparse_ms):
    first, after, below = sparsities[0], None, 0.0
    while sparsities:
        level, gap = sparsities.pop(), sparse_ms.pop() - dense_ms.pop()
        if gap > 0:
            return 1.0 if after is None else level + gap / (gap + below) * (after - level)
        after, below = level, -gap
    return first
