"""Compares hashes: that of 2**61 + 4 is that of 5."""

MISTAKE = "hash() takes for one"


def repeated_share(texts, n):
    repeated, count = 0, 0
    for text in texts:
        grams = [hash(tuple(text[i : i + n])) for i in range(len(text) - n + 1)]
        repeated += len(grams) - len(set(grams))
        count += len(grams)
    return repeated / count if count else 0.0
