"""Lets the windows stand side by side."""

MISTAKE = "windows side by side"


def windows(length, context, stride):
    if length < 2:
        return []
    starts = range(0, length, context)
    return [(start, min(start + context, length), max(start, 1)) for start in starts]
