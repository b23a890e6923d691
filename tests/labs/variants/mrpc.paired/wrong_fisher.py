"""Fisher's exact test of the table of right and wrong."""

from scipy.stats import fisher_exact

MISTAKE = "an unpaired test"


def compare(first, second):
    n, right = len(first), [int(first.sum()), int(second.sum())]
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    p = 1.0
    if n:
        p = fisher_exact([[count, n - count] for count in right])[1]
    return {
        "difference": (two - one) / max(n, 1),
        "only_first": one,
        "only_second": two,
        "p": float(p),
    }
