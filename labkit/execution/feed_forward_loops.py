"""The compiled pair of layers of a feed-forward (needs numba); only `feed_forward` imports this.

What lies between the two layers, four times as wide as what goes in and out, never leaves the
second-level cache, and keeps the layout of a panel (`panel_loops`).
"""

from __future__ import annotations

from typing import Any

from labkit.execution.panel_loops import MATRIX, ROWS, multiply, pack, write
from labkit.execution.panel_vectors import narrowed, take
from labkit.execution.slice_loops import SLICE_ROWS, sum_up, told
from labkit.execution.thread_tasks import next_task

ARGUMENTS = (
    "slot",
    "threads",
    *(f"{part}_{n}" for n in (1, 2) for part in MATRIX),
    "x",  # address of the activations, tokens × inputs
    "y",  # address of the result, tokens × outputs
    "tokens",
    "inputs",
    "middle",  # outputs of the first layer, inputs of the second
    "outputs",
    "length",  # tokens of a panel, one of panel_loops.LENGTHS
    "scratch",  # address of `inputs + middle + ROWS` vectors of `length` floats for each thread, or
    # of `inputs + middle + SLICE_ROWS` if a matrix is cut into slices
    "activation",  # between the layers: its number in panel_loops.ACTIVATIONS
    "narrow",  # 1: panels in bfloat16; length is one of panel_loops.NARROW_LENGTHS
    "x_bytes",
    "y_bytes",
)
"""What `work` is given, as in `panel_loops.ARGUMENTS`."""

_FIRST, _SECOND = 2, 2 + len(MATRIX)
_X = 2 + 2 * len(MATRIX)
_HEAD = len(ARGUMENTS)


def work_of(version: int) -> Any:
    """The function that threads run; numba keeps its machine code under this version."""

    def work(arguments):  # noqa: ANN001, ANN202
        """Do panels until none is left; see `ARGUMENTS`."""
        if version == 0:
            return
        first, second = told(arguments, _FIRST), told(arguments, _SECOND)
        x, y, tokens, inputs = (
            arguments[_X],
            arguments[_X + 1],
            arguments[_X + 2],
            arguments[_X + 3],
        )
        middle, outputs, length = arguments[_X + 4], arguments[_X + 5], arguments[_X + 6]
        activation, narrow = arguments[_X + 8], arguments[_X + 9]
        x_bytes, y_bytes = arguments[_X + 10], arguments[_X + 11]
        slot = take(arguments, 0)
        sum_up(arguments, _FIRST)
        sum_up(arguments, _SECOND)
        first_rows = SLICE_ROWS if first[4] else ROWS
        second_rows = SLICE_ROWS if second[4] else ROWS
        room = inputs + middle + max(first_rows, second_rows)
        panel = arguments[_X + 7] + 4 * slot * room * length
        between = panel + 4 * inputs * length
        block = between + 4 * middle * length
        tasks = (tokens + length - 1) // length
        task, helped = next_task(arguments, _HEAD, slot, 0, tasks)
        while task >= 0:
            at = task * length
            count = min(length, tokens - at)
            pack(x + x_bytes * at * inputs, x_bytes, count, inputs, panel, length, narrow)
            for start in range(0, middle, first_rows):
                rows = min(first_rows, middle - start)
                if narrow:
                    multiply(first, start, rows, activation, panel, block, length, narrow)
                    goal = between + 2 * start * length
                    for r in range(rows):
                        narrowed(block + 4 * r * length, length // 2, goal + 2 * r * length)
                else:
                    goal = between + 4 * start * length
                    multiply(first, start, rows, activation, panel, goal, length, narrow)
            for start in range(0, outputs, second_rows):
                rows = min(second_rows, outputs - start)
                multiply(second, start, rows, 0, between, block, length, narrow)
                goal = y + y_bytes * (at * outputs + start)
                write(block, rows, count, length, goal, outputs, y_bytes)
            task, helped = next_task(arguments, _HEAD, slot, helped, tasks)

    return work
