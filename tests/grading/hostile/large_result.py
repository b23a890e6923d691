"""A result of 128 MB."""

# reason: no data
# lost: size.entropy


def entropy_bits(n, kept):
    return "x" * 2**27
