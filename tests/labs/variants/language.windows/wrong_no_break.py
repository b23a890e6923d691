"""Goes on behind the window that reaches the end."""

MISTAKE = "a window that counts nothing"


def windows(length, context, stride):
    found, first = [], 1
    for start in range(0, length, stride):
        stop = min(start + context, length)
        found.append((start, stop, first))
        first = stop
    return found
