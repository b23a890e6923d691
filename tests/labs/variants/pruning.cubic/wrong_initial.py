"""Always from 0."""

MISTAKE = "initial ignored"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return 0.0
    if step >= end:
        return final
    part = (step - start) / (end - start)
    return final * (1 - (1 - part) ** 3)
