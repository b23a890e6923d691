"""Final on top of initial."""

MISTAKE = "initial added on top"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return initial
    if step >= end:
        return initial + final
    part = (step - start) / (end - start)
    return initial + final * (1 - (1 - part) ** 3)
