"""Divides first."""

MISTAKE = "0/0"


def cubic_sparsity(step, start, end, final, initial=0.0):
    part = min(max((step - start) / (end - start), 0), 1)
    return final + (initial - final) * (1 - part) ** 3
