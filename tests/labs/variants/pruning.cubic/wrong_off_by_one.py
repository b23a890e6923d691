"""Takes the ramp for one step longer than it is."""

MISTAKE = "off by one"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return initial
    if step >= end:
        return final
    left = 1 - (step - start) / (end - start + 1)
    return final + (initial - final) * left**3
