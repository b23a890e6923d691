"""Takes n-grams that stand side by side."""

MISTAKE = "n-grams side by side"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(0, len(text) - n + 1, n)]
        total += len(grams)
        repeated += len(grams) - len(set(grams))
    return repeated / max(total, 1)
