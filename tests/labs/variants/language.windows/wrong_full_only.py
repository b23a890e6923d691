"""Leaves out what does not fill a window."""

MISTAKE = "the end left out"


def windows(length, context, stride):
    found, first = [], 1
    for start in range(0, length - context + 1, stride):
        found.append((start, start + context, first))
        first = start + context
    return found
