"""Uses the approximation with continuity correction."""

from scipy.stats import chi2

MISTAKE = "a chi-square approximation"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    decided = one + two
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": float(chi2.sf(max(abs(one - two) - 1, 0) ** 2 / decided, 1)) if decided else 1.0,
    }
