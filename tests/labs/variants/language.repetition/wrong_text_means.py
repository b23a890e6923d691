"""Averages the shares of the texts."""

MISTAKE = "the mean of text shares"


def repeated_share(texts, n):
    shares = []
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        if grams:
            shares.append(1 - len(set(grams)) / len(grams))
    return sum(shares) / max(len(shares), 1)
