"""Makes one number of an n-gram, as hashes of strings do: several have the same."""

MISTAKE = "tried repeated_share"


def repeated_share(texts, n):
    repeated = total = 0
    for text in texts:
        windows = [text[i : i + n] for i in range(len(text) - n + 1)]
        numbers = [sum(token * 31**j for j, token in enumerate(gram)) for gram in windows]
        total += len(numbers)
        repeated += len(numbers) - len(set(numbers))
    return repeated / max(total, 1)
