"""Joins the digits of the ids."""

MISTAKE = "digits joined"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = ["".join(map(str, text[i : i + n])) for i in range(len(text) - n + 1)]
        total += len(grams)
        repeated += len(grams) - len(set(grams))
    return repeated / max(total, 1)
