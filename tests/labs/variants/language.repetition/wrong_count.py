"""Returns how many are repeated."""

MISTAKE = "a number for the share"


def repeated_share(texts, n):
    repeated = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        repeated += len(grams) - len(set(grams))
    return repeated
