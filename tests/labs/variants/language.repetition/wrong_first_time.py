"""Counts all that occur more than once, the first time too."""

from collections import Counter

MISTAKE = "the first time counted"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        total += len(grams)
        repeated += sum(count for count in Counter(grams).values() if count > 1)
    return repeated / max(total, 1)
