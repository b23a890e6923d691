"""An answer that takes 30 GB."""

# reason: MemoryError
# lost: size.entropy


def entropy_bits(n, kept):
    return float(len(bytearray(30 * 2**30)))
