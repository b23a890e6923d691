"""Avoids the division by zero by a ramp of one step."""

MISTAKE = "the jump comes late"


def cubic_sparsity(step, start, end, final, initial=0.0):
    part = min(max((step - start) / max(end - start, 1), 0.0), 1.0)
    return final + (initial - final) * (1 - part) ** 3
