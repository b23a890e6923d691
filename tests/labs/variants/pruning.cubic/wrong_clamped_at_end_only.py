"""The bare formula before the start."""

MISTAKE = "not clamped"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step >= end:
        return final
    if start == end:
        return initial
    part = (step - start) / (end - start)
    return final + (initial - final) * (1 - part) ** 3
