"""The cube multiplied out."""


def cubic_sparsity(step, start, end, final, initial=0.0):
    length = end - start
    done = min(max(step - start, 0), length)
    if length == 0:
        return initial if step < start else final
    p = done / length
    return initial + (final - initial) * (3 * p - 3 * p * p + p * p * p)
