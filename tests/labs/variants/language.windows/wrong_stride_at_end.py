"""Counts a whole stride in the last window."""

MISTAKE = "a stride counted at the end"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, max(stop - stride, start + 1) if start else 1))
        start, first = start + stride, stop
    return found
