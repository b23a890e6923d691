"""Takes the running sum as it is: where the rows end."""

MISTAKE = "starts without the leading 0"


def to_csr(weight):
    kept = weight != 0
    return weight[kept], kept.nonzero()[:, 1].int(), kept.sum(1).cumsum(0)
