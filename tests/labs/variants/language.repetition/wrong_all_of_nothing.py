"""Takes no n-grams for all repeated."""

MISTAKE = "0/0"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
        total += len(grams)
        repeated += len(grams) - len(set(grams))
    return 1 - (total - repeated) / total if total else 1.0
