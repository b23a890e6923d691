"""Joins the texts."""

MISTAKE = "texts joined"


def repeated_share(texts, n):
    text = [token for one in texts for token in one]
    grams = [tuple(text[i : i + n]) for i in range(len(text) - n + 1)]
    return (len(grams) - len(set(grams))) / max(len(grams), 1)
