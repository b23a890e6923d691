"""A 2 x 2 table of counts in numpy."""

import numpy as np


def accuracy_and_f1(predictions, labels):
    table = np.bincount(2 * labels.numpy() + predictions.numpy(), minlength=4).reshape(2, 2)
    below = 2 * table[1, 1] + table[0, 1] + table[1, 0]
    return np.trace(table) / max(table.sum(), 1), 2 * table[1, 1] / max(below, 1)
