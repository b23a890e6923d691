"""Rounds the number of windows up in float64."""

import math

MISTAKE = "a quotient that rounds"


def windows(length, context, stride):
    if length < 2:
        return []
    found, first = [], 1
    for number in range(1 + max(0, math.ceil((length - context) / stride))):
        stop = min(number * stride + context, length)
        found.append((number * stride, stop, first))
        first = stop
    return found
