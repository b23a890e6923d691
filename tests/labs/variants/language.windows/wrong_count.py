"""Returns how many tokens count."""

MISTAKE = "numbers for places"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, stop - first))
        start, first = start + stride, stop
    return found
