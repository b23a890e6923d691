"""1 GB of output, and then the right answer."""

# lost: nothing

import os
import sys

honest = entropy_bits


def entropy_bits(n, kept):
    if not hasattr(sys, "said"):
        sys.said = True
        for _ in range(512):
            print("x" * 2**20)
            os.write(1, b"x" * 2**20)
    return honest(n, kept)
