"""Halves the interval until both forms take the same."""


def csr_break_even(rows, columns, value_bytes, column_bytes, start_bytes):
    def smaller(sparsity):
        kept = (1 - sparsity) * rows * columns
        csr = kept * (value_bytes + column_bytes) + (rows + 1) * start_bytes
        return csr < rows * columns * value_bytes

    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if smaller(middle) else (middle, high)
    return high
