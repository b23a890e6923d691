"""The product of both layers of a feed-forward: what lies between them stays in the cache."""

from __future__ import annotations

import math

import torch

from labkit.execution import kernels
from labkit.execution.kernels import Kept
from labkit.execution.plain_tensors import address, whole
from labkit.execution.slices import TRIES, run_sliced

LOOPS = "labkit.execution.feed_forward_loops"
"""The module that is compiled."""

LENGTHS = {False: (32, 64), True: (64, 128)}
"""Tokens of a panel, in float32 and in bfloat16 (True): shorter ones multiply too slowly."""


def product(
    x: torch.Tensor,
    first: Kept,
    second: Kept,
    biases: tuple[torch.Tensor | None, torch.Tensor | None],
    activation: str,
    length: int,
    *,
    narrow: bool = False,
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """`activation(x @ first.T + bias) @ second.T + bias`, the result between them never in memory.

    Args:
        x: … × inputs, float32 or bfloat16.
        first: middle × inputs.
        second: outputs × middle.
        biases: of the first and of the second.
        activation: one of `panel_loops.ACTIVATIONS`.
        length: tokens of a panel, one of `LENGTHS`.
        narrow: round what is multiplied to bfloat16, x and the result between.
        dtype: of the result, float32 or bfloat16.

    Returns:
        … × outputs: to the last bit what two calls of `kernels.kernel_product` return for
        more than one token, with the first one's result in bfloat16 if `narrow`, where these have
        panels as precise.
    """
    x = whole(x)
    *lead, inputs = x.shape
    tokens = math.prod(lead)
    y = torch.empty((*lead, second.outputs), dtype=dtype, device="cpu")
    threads = min(torch.get_num_threads(), -(-tokens // length))
    biases = tuple(None if bias is None else bias.contiguous() for bias in biases)
    for left in reversed(range(TRIES + 1)):
        cuts = [
            kernels.slices_of(matrix, length, narrow) if left else None
            for matrix in (first, second)
        ]
        room = inputs + first.outputs + kernels.block_rows(cuts)
        scratch = torch.empty(threads, room * length, **kernels.FLOATS)
        arguments, stores = [], {}
        for matrix, bias, some in zip((first, second), biases, cuts, strict=True):
            if some is not None:
                stores[len(arguments)] = matrix.store, some
            arguments += kernels.addresses(matrix, bias, some)
        arguments += [address(x), address(y), tokens, inputs, first.outputs, second.outputs]
        number = kernels.loops().ACTIVATIONS.index(activation)
        arguments += [length, address(scratch), number, narrow]
        arguments += [x.element_size(), y.element_size()]
        if run_sliced(LOOPS, threads, arguments, stores):
            break
    return y


def panel_length(tokens: int, width: int, narrow: bool, threads: int) -> int:
    """Tokens of a panel that `product` is worth while with, or 0.

    Args:
        tokens: of x.
        width: numbers of a token that a panel holds at once, in and between the layers.
        narrow: as `product`.
        threads: that there are; each has to get as many panels as the others, or nearly so.
    """
    room = 2 * kernels.panel_bytes() if kernels.long() else kernels.PANEL_BYTES
    for length in reversed(LENGTHS[narrow]):
        panels = -(-tokens // length)
        even = panels % threads == 0 or panels >= 4 * threads
        if (2 if narrow else 4) * width * length <= room and even and 2 * tokens > length:
            return length
    return 0
