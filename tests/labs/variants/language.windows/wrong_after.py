"""Begins to count one token late."""

MISTAKE = "a token lost at the seam"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, first + 1 if start else 1))
        start, first = start + stride, stop
    return found
