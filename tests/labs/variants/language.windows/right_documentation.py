"""As the documentation of transformers slides its window."""


def windows(length, context, stride):
    found, before = [], 0
    for begin in range(0, length, stride):
        end = min(begin + context, length)
        if length > 1:
            found.append((begin, end, max(before, 1)))
        before = end
        if end == length:
            break
    return found
