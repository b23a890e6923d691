"""An endless loop in an answer."""

# reason: had not returned after
# lost: size.entropy


def entropy_bits(n, kept):
    while True:
        pass
