"""Windows of inputs, one fewer in each: the last token of a window is asked for only."""

MISTAKE = "windows of inputs"


def windows(length, context, stride):
    found, begin, end = [], 0, 0
    for begin in range(0, length, stride):
        first, end = end, min(begin + context - 1, length - 1)
        if first < end:
            found.append((begin, end, first))
    return found
