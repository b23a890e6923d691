"""Counts the last token of each window twice."""

MISTAKE = "the overlap counted again"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, max(first - 1, 1)))
        start, first = start + stride, stop
    return found
