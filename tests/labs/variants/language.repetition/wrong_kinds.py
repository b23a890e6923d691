"""Of the different n-grams those that occur again."""

from collections import Counter

MISTAKE = "different n-grams counted"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        counts = Counter(grams)
        total += len(counts)
        repeated += sum(count > 1 for count in counts.values())
    return repeated / max(total, 1)
