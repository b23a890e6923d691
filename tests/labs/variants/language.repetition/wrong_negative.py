"""Counts a negative number of n-grams."""

MISTAKE = "short texts"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        total += len(text) - n + 1
        repeated += len(grams) - len(set(grams))
    return repeated / (total or 1)
