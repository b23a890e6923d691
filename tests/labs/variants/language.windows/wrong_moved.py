"""Fills the last window up with tokens before it."""

MISTAKE = "the last window moved back"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((max(stop - context, 0), stop, first))
        start, first = start + stride, stop
    return found
