"""Fractions, which lose nothing, from the end."""

from fractions import Fraction


def break_even(sparsities, dense_ms, sparse_ms):
    levels = [Fraction(level) for level in sparsities]
    pairs = zip(dense_ms, sparse_ms, strict=True)
    gaps = [Fraction(sparse) - Fraction(dense) for dense, sparse in pairs]
    last = max((level for level, gap in enumerate(gaps) if gap > 0), default=None)
    if last is None:
        return levels[0]
    if last + 1 == len(gaps):
        return Fraction(1)
    low, high = gaps[last], -gaps[last + 1]
    return (low * levels[last + 1] + high * levels[last]) / (low + high)
