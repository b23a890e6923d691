"""1 GB of output in each call, and then the right answer."""

# lost: size.entropy
# reason: it printed 'x+

import os

honest = entropy_bits


def entropy_bits(n, kept):
    for _ in range(512):
        print("x" * 2**20)
        os.write(1, b"x" * 2**20)
    return honest(n, kept)
