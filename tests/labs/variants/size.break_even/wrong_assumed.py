"""Scales one measurement by the share of kept weights."""

MISTAKE = "1/(1 - s) assumed"


def break_even(sparsities, dense_ms, sparse_ms):
    per_kept = sparse_ms[0] / (1 - sparsities[0])
    return 1 - dense_ms[0] / per_kept
