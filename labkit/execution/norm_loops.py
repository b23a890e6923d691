"""The compiled sum and norm of activations (needs numba); only `residual_norm` imports this."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from labkit.execution.panel_vectors import floats, take
from labkit.execution.thread_tasks import next_task

ROWS = 16
"""Tokens of a task."""

ARGUMENTS = (
    "slot",  # these two as in `panel_loops.ARGUMENTS`
    "threads",
    "x",  # address of one summand, tokens × width, float32, like all that follow
    "residual",  # address of the other
    "y",  # address of the result
    "weight",  # address, width
    "bias",  # address, width
    "tokens",
    "width",
    "epsilon",  # address of one number
)
"""What `work` is given: an array of int64 in this order."""

_HEAD = len(ARGUMENTS)


@njit(fastmath={"reassoc", "contract", "nsz"})  # sums in any order, but NaN stays NaN
def _row(x, residual, y, weight, bias, width, epsilon):  # noqa: ANN001, ANN202
    total = np.float32(0)
    for i in range(width):
        number = x[i] + residual[i]
        y[i] = number
        total += number
    mean = total / np.float32(width)
    squares = np.float32(0)
    for i in range(width):
        apart = y[i] - mean
        squares += apart * apart
    scale = np.float32(1) / np.sqrt(squares / np.float32(width) + epsilon)
    for i in range(width):
        y[i] = (y[i] - mean) * scale * weight[i] + bias[i]


def work_of(version: int) -> Any:
    """The function that threads run; numba keeps its machine code under this version."""

    def work(arguments):  # noqa: ANN001, ANN202
        """Do tasks (ROWS tokens) until none is left; see `ARGUMENTS`."""
        if version == 0:
            return
        x, residual, y = arguments[2], arguments[3], arguments[4]
        weight, bias = floats(arguments[5]), floats(arguments[6])
        tokens, width, epsilon = arguments[7], arguments[8], floats(arguments[9])[0]
        slot = take(arguments, 0)
        tasks = (tokens + ROWS - 1) // ROWS
        task, helped = next_task(arguments, _HEAD, slot, 0, tasks)
        while task >= 0:
            for token in range(ROWS * task, min(tokens, ROWS * (task + 1))):
                at = 4 * token * width
                given = floats(x + at), floats(residual + at)
                _row(*given, floats(y + at), weight, bias, width, epsilon)
            task, helped = next_task(arguments, _HEAD, slot, helped, tasks)

    return work
