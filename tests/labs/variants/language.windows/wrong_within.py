"""Counts from the start of the window."""

MISTAKE = "places within the window"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, first - start))
        start, first = start + stride, stop
    return found
