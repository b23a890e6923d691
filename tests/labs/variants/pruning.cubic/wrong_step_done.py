"""Counts the step itself as done."""

MISTAKE = "off by one"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return initial
    if step >= end:
        return final
    left = 1 - (step - start + 1) / (end - start)
    return final + (initial - final) * left**3
