"""The bare formula."""

MISTAKE = "not clamped"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if start == end:
        return final if step >= end else initial
    part = (step - start) / (end - start)
    return final + (initial - final) * (1 - part) ** 3
