"""The compiled pair of layers of a feed-forward (needs numba); only `feed_forward` imports this.

What lies between the two layers, four times as wide as what goes in and out, never leaves the
second-level cache, and keeps the layout of a panel (`panel_loops`).
"""

from __future__ import annotations

from typing import Any

from labkit.execution.panel_loops import ROWS, multiply, pack, write
from labkit.execution.panel_vectors import narrowed, take
from labkit.execution.thread_tasks import next_task

ARGUMENTS = (
    "slot",
    "threads",
    *(f"{part}_{n}" for n in (1, 2) for part in ("values", "columns", "offsets", "bias")),
    "x",  # address of the activations, tokens × inputs
    "y",  # address of the result, tokens × outputs
    "tokens",
    "inputs",
    "middle",  # outputs of the first layer, inputs of the second
    "outputs",
    "length",  # tokens of a panel, one of panel_loops.LENGTHS
    "scratch",  # address of `inputs + middle + ROWS` vectors of `length` floats for each thread
    "activation",  # between the layers: its number in panel_loops.ACTIVATIONS
    "narrow",  # 1: panels in bfloat16; length is one of panel_loops.NARROW_LENGTHS
    "x_bytes",
    "y_bytes",
)
"""What `work` is given, as in `panel_loops.ARGUMENTS`."""

_HEAD = len(ARGUMENTS)


def work_of(version: int) -> Any:
    """The function that threads run; numba keeps its machine code under this version."""

    def work(arguments):  # noqa: ANN001, ANN202
        """Do panels until none is left; see `ARGUMENTS`."""
        if version == 0:
            return
        first = arguments[2], arguments[3], arguments[4], arguments[5]
        second = arguments[6], arguments[7], arguments[8], arguments[9]
        x, y, tokens, inputs = arguments[10], arguments[11], arguments[12], arguments[13]
        middle, outputs, length = arguments[14], arguments[15], arguments[16]
        activation, narrow = arguments[18], arguments[19]
        x_bytes, y_bytes = arguments[20], arguments[21]
        slot = take(arguments, 0)
        panel = arguments[17] + 4 * slot * (inputs + middle + ROWS) * length
        between = panel + 4 * inputs * length
        block = between + 4 * middle * length
        tasks = (tokens + length - 1) // length
        task, helped = next_task(arguments, _HEAD, slot, 0, tasks)
        while task >= 0:
            at = task * length
            count = min(length, tokens - at)
            pack(x + x_bytes * at * inputs, x_bytes, count, inputs, panel, length, narrow)
            for start in range(0, middle, ROWS):
                rows = min(ROWS, middle - start)
                if narrow:
                    multiply(first, start, rows, activation, panel, block, length, narrow)
                    goal = between + 2 * start * length
                    for r in range(rows):
                        narrowed(block + 4 * r * length, length // 2, goal + 2 * r * length)
                else:
                    goal = between + 4 * start * length
                    multiply(first, start, rows, activation, panel, goal, length, narrow)
            for start in range(0, outputs, ROWS):
                rows = min(ROWS, outputs - start)
                multiply(second, start, rows, 0, between, block, length, narrow)
                goal = y + y_bytes * (at * outputs + start)
                write(block, rows, count, length, goal, outputs, y_bytes)
            task, helped = next_task(arguments, _HEAD, slot, helped, tasks)

    return work
