"""Stores how many values each row has."""

MISTAKE = "counts instead of running starts"


def to_csr(weight):
    kept = weight != 0
    return weight[kept], kept.nonzero()[:, 1].int(), kept.sum(1)
