"""The cube of what is done."""

MISTAKE = "slow first"


def cubic_sparsity(step, start, end, final, initial=0.0):
    if step < start:
        return initial
    if step >= end:
        return final
    part = (step - start) / (end - start)
    return initial + (final - initial) * part**3
