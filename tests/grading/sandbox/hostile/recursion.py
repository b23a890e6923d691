"""Recursion without end."""

# reason: RecursionError|MemoryError|ended its process|had not returned|no answer
# lost: size.entropy

import sys


def entropy_bits(n, kept):
    sys.setrecursionlimit(10**9)
    return entropy_bits(n, kept)
