"""Divides the text by the stride in float64 and stops at its end."""

import math

MISTAKE = "a quotient that rounds"


def windows(length, context, stride):
    found = []
    if length < 2:
        return found
    for number in range(math.ceil(length / stride)):
        stop = min(number * stride + context, length)
        found.append((number * stride, stop, found[-1][1] if found else 1))
        if stop == length:
            break
    return found
