"""Counts a stride in the first window as well."""

MISTAKE = "the first window cut"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, max(stop - stride, start + 1)))
        start, first = start + stride, stop
    return found
