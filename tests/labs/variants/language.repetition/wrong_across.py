"""Counts what another text has said."""

MISTAKE = "repeated from another text"


def repeated_share(texts, n):
    grams = [tuple(t[i : i + n]) for t in texts for i in range(len(t) - n + 1)]
    return (len(grams) - len(set(grams))) / max(len(grams), 1)
