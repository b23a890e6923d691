"""Stores one start for each row and no end."""

MISTAKE = "starts without the end"


def to_csr(weight):
    kept = weight != 0
    counts = kept.sum(1)
    return weight[kept], kept.nonzero()[:, 1].int(), counts.cumsum(0) - counts
