"""Compares with the n-gram right before."""

MISTAKE = "only what follows at once"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        total += len(grams)
        repeated += sum(grams[i] == grams[i - n] for i in range(n, len(grams)))
    return repeated / max(total, 1)
