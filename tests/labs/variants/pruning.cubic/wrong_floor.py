"""Divides whole numbers."""

MISTAKE = "// for /"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return initial
    if step >= end:
        return final
    part = (step - start) // (end - start)
    return final + (initial - final) * (1 - part) ** 3
