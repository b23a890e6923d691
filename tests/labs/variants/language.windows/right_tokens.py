"""Gives each token to the first window that reaches it."""


def windows(length, context, stride):
    counted = {}
    for token in range(1, min(length, 4000)):
        number = max(0, -(-(token - context + 1) // stride))
        counted.setdefault(number, token)
    if length > 4000:  # too many tokens to go through one by one
        number, first = max(counted), max(counted.values())
        while number * stride + context < length:
            number, first = number + 1, number * stride + context
            counted[number] = first
    return [
        [number * stride, min(number * stride + context, length), first]
        for number, first in counted.items()
    ]
