"""Counts the first token of the text."""

MISTAKE = "the first token counted"


def windows(length, context, stride):
    found, start, first = [], 0, 0
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, first))
        start, first = start + stride, stop
    return found
