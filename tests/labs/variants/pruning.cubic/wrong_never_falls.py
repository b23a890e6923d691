"""Holds the sparsity at initial where the ramp falls."""

MISTAKE = "a ramp that cannot fall"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return initial
    if step >= end:
        return max(initial, final)
    left = (end - step) / (end - start)
    return max(initial, final + (initial - final) * left**3)
