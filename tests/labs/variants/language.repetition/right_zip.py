"""Shifted copies side by side, counted."""

from collections import Counter


def repeated_share(texts, n):
    again, total = 0, 0
    for text in texts:
        counts = Counter(zip(*[text[i:] for i in range(n)], strict=False))
        again += sum(count - 1 for count in counts.values())
        total += sum(counts.values())
    return again / total if total else 0.0
