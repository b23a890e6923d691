"""Looks each n-gram up among those before it; a fraction at the end."""

from fractions import Fraction


def repeated_share(texts, n):
    again, total = 0, 0
    for text in texts:
        seen = set()
        for end in range(n, len(text) + 1):
            gram = str(text[end - n : end])
            again += gram in seen
            seen.add(gram)
            total += 1
    return Fraction(again, max(total, 1))
