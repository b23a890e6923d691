"""Returns a fraction of whole numbers."""

from fractions import Fraction


def share_below(weight, threshold):
    return Fraction(int((weight.abs() < threshold).sum()), max(weight.numel(), 1))
