"""Takes the stride for the context."""

MISTAKE = "context and stride swapped"


def windows(length, context, stride):
    return [
        (start, min(start + stride, length), max(start, 1)) for start in range(0, length, context)
    ]
