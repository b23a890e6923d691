"""Takes sets of tokens."""

MISTAKE = "the order lost"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = [frozenset(text[i : i + n]) for i in range(len(text) - n + 1)]
        total += len(grams)
        repeated += len(grams) - len(set(grams))
    return repeated / max(total, 1)
