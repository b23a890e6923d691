"""Recursion without end through C code, which runs over the stack."""

# reason: RecursionError|MemoryError|ended its process|had not returned|no answer
# lost: size.entropy

import sys

sys.setrecursionlimit(10**9)


class Deep:
    def __getattr__(self, name):
        return getattr(self, name + "x")


def entropy_bits(n, kept):
    return Deep().x
