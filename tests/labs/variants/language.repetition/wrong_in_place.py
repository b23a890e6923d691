"""Sorts the texts by length in place."""

MISTAKE = "changed its input in place"


def repeated_share(texts, n):
    texts.sort(key=len)
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        total += len(grams)
        repeated += len(grams) - len(set(grams))
    return repeated / max(total, 1)
