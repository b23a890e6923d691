"""Takes end for the length of the ramp."""

MISTAKE = "end read as a length"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return initial
    if step >= start + end:
        return final
    part = (step - start) / end
    return final + (initial - final) * (1 - part) ** 3
