"""A result whose pickle holds code."""

# lost: size.entropy

import os


class Loaded:
    def __reduce__(self):
        return os.system, (f"touch {OUTSIDE}/touched; touch /tmp/touched",)


def entropy_bits(n, kept):
    return Loaded()
