"""Returns the share of different ones."""

MISTAKE = "the share of different ones"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        total += len(grams)
        repeated += len(set(grams))
    return repeated / total if total else 1.0
