"""Ends each window a context after its begin, also behind the text."""

MISTAKE = "a window past the end"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length:
        found.append((start, start + context, first))
        start, first = start + stride, start + context
    return found
