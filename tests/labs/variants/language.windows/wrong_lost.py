"""Side by side, and the first token of each is lost."""

MISTAKE = "windows side by side"


def windows(length, context, stride):
    if length < 2:
        return []
    starts = range(0, length, context)
    return [(start, min(start + context, length), start + 1) for start in starts]
