"""Windows of inputs, as in the chapter: all tokens but the last, the first of them counted."""

MISTAKE = "windows of inputs"


def windows(length, context, stride):
    found, start, stop = [], 0, 0
    while stop < length - 1:
        first, stop = stop, min(start + context, length - 1)
        found.append((start, stop, first))
        start += stride
    return found
