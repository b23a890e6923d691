"""The inner loop of reading a chunk, compiled by numba; imported only by `chunks`."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numba.cpython.unsafe.numbers import trailing_zeros
from numba.types import Array, UniTuple, boolean, uint8


def compiled(dtype: np.dtype) -> Callable:
    """`chunks._scatter` for an `out` of `dtype`: compiled once, then kept on disk where it can be.

    The result releases the global interpreter lock while it runs.
    """
    flat, rows = (Array(uint8, axes, "C", readonly=True) for axes in (1, 2))
    planes = UniTuple(flat, dtype.itemsize)
    signature = boolean(flat, rows, planes, numba.from_dtype(dtype)[::1])
    try:
        return numba.njit(signature, nogil=True, cache=True)(_scatter)
    except (RuntimeError, OSError):  # no folder to keep compiled code in
        return numba.njit(signature, nogil=True)(_scatter)


def _scatter(
    unary: np.ndarray, low: np.ndarray, planes: tuple[np.ndarray, ...], out: np.ndarray
) -> bool:
    k, stride = low.shape
    kept = len(planes[0])
    words = np.zeros(len(unary) // 8 + 1, np.uint64)
    words.view(np.uint8)[: len(unary)] = unary
    # These two loops become vector instructions; the last cannot, so it does nothing else.
    values = np.zeros(kept, out.dtype)
    for j in range(len(planes)):
        plane = planes[j]
        for i in range(kept):
            values[i] |= np.uint64(plane[i]) << np.uint64(8 * j)
    gaps = np.zeros(8 * stride, np.int32)
    for j in range(k):
        for byte in range(stride):
            bits = np.int32(low[j, byte])
            for i in range(8):
                gaps[8 * byte + i] |= (bits >> i & 1) << j
    i = passed = 0
    for number in range(len(words)):
        word = words[number]
        while word:
            one = 64 * number + np.int64(trailing_zeros(word))
            word &= word - np.uint64(1)
            if i == kept:
                return True
            passed += gaps[i]
            place = ((one - i) << k) + passed + i
            if place >= len(out):
                return True
            out[place] = values[i]
            i += 1
    return i != kept
