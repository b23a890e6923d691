"""The same, and no window for a text without a prediction."""

MISTAKE = "a window that counts nothing"


def windows(length, context, stride):
    if length < 2:
        return []
    found, start, first = [], 0, 1
    while start < length:
        found.append((start, min(start + context, length), first))
        first = start + context
        start += stride
    return found
