"""The compiled attention of a sparse model (needs numba); only `attention` imports this.

For each head and LANES queries: the scores of all keys, as keys × queries; their exponentials; and
the sums of the values, as numbers × queries.  All of it stays in the caches (for up to some
thousand keys); nothing of tokens × tokens is written to memory.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit

from labkit.execution.attention_vectors import LANES, softmax, tile_product
from labkit.execution.panel_loops import read_tokens, write_tokens
from labkit.execution.panel_vectors import floats, take
from labkit.execution.thread_tasks import next_task

TILE = 8
"""Rows of a product that are in registers at once."""

ARGUMENTS = (
    "slot",  # these two as in `panel_loops.ARGUMENTS`
    "threads",
    "query",  # address, float32; the numbers of a head lie one after another
    "key",
    "value",
    "y",  # address of the result, batch × queries × heads × width, contiguous
    "mask",  # address of what is added to scores, float32, keys × queries, or 0
    "batch",
    "heads",
    "shared",  # query heads that share a key head
    "queries",
    "keys",
    "width",
    *(
        f"{name}_{step}"
        for name in ("query", "key", "value")
        for step in ("batch", "head", "token")
    ),
    "mask_batch",  # bytes, all of these, and 0 where one serves all
    "mask_head",
    "causal",  # 1: query i sees keys 0 to i
    "scratch",  # address of memory for the threads
    "room",  # floats of it for each: `scratch_floats`
    "scale",  # address of one float
)
"""What `work` is given: an array of int64 in this order."""

_HEAD = len(ARGUMENTS)
_tile, _single = tile_product(TILE), tile_product(1)


def scratch_floats(keys: int, width: int) -> int:
    """Floats that a thread needs: queries, scores, results and shares."""
    return LANES * (keys + 2 * width + 1)


@njit
def _product(left, across, along, rows, count, panel, out):  # noqa: ANN001, ANN202
    """`rows` rows of LANES sums, in tiles."""
    whole = rows // TILE * TILE
    for i in range(0, whole, TILE):
        _tile(left + across * i, across, along, count, panel, out + 4 * LANES * i)
    for i in range(whole, rows):
        _single(left + across * i, across, along, count, panel, out + 4 * LANES * i)


def work_of(version: int) -> Any:
    """The function that threads run; numba keeps its machine code under this version."""

    def work(arguments):  # noqa: ANN001, ANN202
        """Do tasks (a head, LANES queries) until none is left; see `ARGUMENTS`."""
        if version == 0:
            return
        query, key, value = arguments[2], arguments[3], arguments[4]
        y, mask = arguments[5], arguments[6]
        batch, heads, shared = arguments[7], arguments[8], arguments[9]
        queries, keys, width = arguments[10], arguments[11], arguments[12]
        query_batch, query_head, query_token = arguments[13], arguments[14], arguments[15]
        key_batch, key_head, key_token = arguments[16], arguments[17], arguments[18]
        value_batch, value_head, value_token = arguments[19], arguments[20], arguments[21]
        mask_batch, mask_head, causal = arguments[22], arguments[23], arguments[24]
        slot = take(arguments, 0)
        panel = arguments[25] + 4 * slot * arguments[26]
        scale = floats(arguments[27])[0]
        scores = panel + 4 * LANES * width
        sums = scores + 4 * LANES * keys
        shares = sums + 4 * LANES * width
        blocks = (queries + LANES - 1) // LANES
        tasks = batch * heads * blocks
        task, helped = next_task(arguments, _HEAD, slot, 0, tasks)
        while task >= 0:
            first = task % blocks * LANES
            head = task // blocks % heads
            one = task // blocks // heads
            count = min(LANES, queries - first)
            numbers = floats(panel)
            if count < LANES:
                for i in range(width * LANES):
                    numbers[i] = 0.0
            start = query + query_batch * one + query_head * head + query_token * first
            read_tokens(start, count, width, query_token >> 2, panel, LANES)
            for i in range(width * LANES):
                numbers[i] *= scale
            seen = min(keys, first + count) if causal else keys
            place = key + key_batch * one + key_head * (head // shared)
            _product(place, key_token, 4, seen, width, panel, scores)
            found = floats(scores)
            if mask:
                added = mask + mask_batch * one + mask_head * head + 4 * first
                for j in range(seen):
                    more = floats(added + 4 * queries * j)
                    for i in range(count):
                        found[LANES * j + i] += more[i]
            if causal:
                for j in range(first, seen):
                    for i in range(min(LANES, j - first)):
                        found[LANES * j + i] = -np.inf
            softmax(scores, seen, shares)
            place = value + value_batch * one + value_head * (head // shared)
            _product(place, 4, value_token, width, seen, scores, sums)
            share, found = floats(shares), floats(sums)
            for d in range(width):
                for i in range(LANES):
                    found[LANES * d + i] *= share[i]
            goal = y + 4 * ((one * queries + first) * heads + head) * width
            write_tokens(sums, width, count, LANES, goal, heads * width)
            task, helped = next_task(arguments, _HEAD, slot, helped, tasks)

    return work
