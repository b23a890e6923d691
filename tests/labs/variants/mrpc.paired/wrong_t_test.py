"""Student's t test, which is for two independent samples."""

from scipy.stats import ttest_ind

MISTAKE = "an unpaired test"


def compare(first, second):
    one, two = int((first & ~second).sum()), int((second & ~first).sum())
    p = float(ttest_ind(first.double(), second.double()).pvalue) if one + two else 1.0
    return {
        "difference": (two - one) / max(len(first), 1),
        "only_first": one,
        "only_second": two,
        "p": p,
    }
