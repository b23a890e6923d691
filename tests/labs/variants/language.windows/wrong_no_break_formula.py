"""A window at each stride, which counts from where a full window before it ends."""

MISTAKE = "a window that counts nothing"


def windows(length, context, stride):
    found = []
    for start in range(0, length, stride):
        first = 1 if start == 0 else start + context - stride
        found.append((start, min(start + context, length), first))
    return found
