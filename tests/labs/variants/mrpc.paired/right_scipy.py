"""binomtest on the other count, and float32 accuracies."""

from scipy.stats import binomtest


def compare(first, second):
    one, two = (first & ~second).sum(), (~first & second).sum()
    decided = int(one + two)
    difference = second.float().mean() - first.float().mean() if len(first) else 0.0
    p = binomtest(int(two), decided, 0.5, alternative="two-sided").pvalue if decided else 1.0
    return {"difference": difference, "only_first": one, "only_second": two, "p": p}
