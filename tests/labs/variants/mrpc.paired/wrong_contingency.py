"""The chi-square test of the table of right and wrong, as scipy has it."""

from scipy.stats import chi2_contingency

MISTAKE = "an unpaired test"


def compare(first, second):
    n, right = len(first), [int(first.sum()), int(second.sum())]
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    p = 1.0
    if 0 < sum(right) < 2 * n:
        p = chi2_contingency([[count, n - count] for count in right])[1]
    return {
        "difference": (two - one) / max(n, 1),
        "only_first": one,
        "only_second": two,
        "p": float(p),
    }
