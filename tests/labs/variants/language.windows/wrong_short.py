"""Takes the last token for one that is not predicted."""

MISTAKE = "the last token left out"


def windows(length, context, stride):
    length -= 1
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, first))
        start, first = start + stride, stop
    return found
