"""numpy, with a product of matrices."""

import numpy as np


def paired_test(first, second, tokens, signs):
    gaps = second.numpy() - first.numpy()
    totals = np.where(signs.numpy(), -1.0, 1.0) @ gaps
    extreme = np.count_nonzero(np.abs(totals) >= abs(gaps.sum()))
    return {
        "difference": gaps.sum() / tokens.numpy().sum(),
        "worse": np.count_nonzero(gaps > 0),
        "p": (extreme + 1) / (len(signs) + 1),
    }
