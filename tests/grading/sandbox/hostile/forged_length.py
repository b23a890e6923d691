"""A reply that announces more than any memory holds."""

# reason: no data
# lost: size.entropy

import os
import struct


def entropy_bits(n, kept):
    for number in range(3, 64):
        try:
            os.write(number, struct.pack(">Q", 2**60) + b"x" * 2**10)
        except OSError:
            pass
    return 0.5
