"""Returns the place of the last token."""

MISTAKE = "the end inclusive"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop - 1, first))
        start, first = start + stride, stop
    return found
