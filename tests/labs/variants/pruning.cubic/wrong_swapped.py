"""Falls."""

MISTAKE = "initial and final swapped"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return final
    if step >= end:
        return initial
    part = (step - start) / (end - start)
    return initial + (final - initial) * (1 - part) ** 3
