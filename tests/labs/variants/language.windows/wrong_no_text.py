"""Makes a window of a text without a prediction."""

MISTAKE = "a window that counts nothing"


def windows(length, context, stride):
    found, start, first = [], 0, 1
    while first < length or not found:
        stop = min(start + context, length)
        found.append((start, stop, first))
        start, first = start + stride, stop
    return found
