"""Takes the short as many n-grams as tokens too."""

MISTAKE = "as many n-grams as tokens"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        grams = [tuple(text[i : i + n]) for i in range(len(text))]
        total += len(grams)
        repeated += len(grams) - len(set(grams))
    return repeated / max(total, 1)
