"""An answer that reads where no memory is."""

# reason: ended its process
# lost: size.entropy

import ctypes


def entropy_bits(n, kept):
    return ctypes.string_at(8)
