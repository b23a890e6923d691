"""A sum over a matrix's kept weights, in which each value, column and place counts.

It tells whether a matrix was written to since its weights were copied into slices, even in ways
that torch does not count.  `slice_loops.sum_up` makes the same sum at each product.
"""

from __future__ import annotations

import numpy as np
import torch

COLUMN_FACTOR = 0x9E3779B97F4A7C15
PLACE_FACTOR = 0xD1B54A32D192ED03
MIX_FACTOR = 0xBF58476D1CE4E5B9
"""Odd numbers of 64 bits whose bits are mixed well (those of SplitMix64; Steele et al. 2014)."""


def checksum(values: torch.Tensor, columns: torch.Tensor, offsets: torch.Tensor) -> int:
    """The sum of a matrix in compressed sparse rows, a signed number of 64 bits.

    Args:
        values: float32, one for each kept weight.
        columns: int32, likewise.
        offsets: int32, one for each row and one for the end.
    """
    total = mixed(values.view(torch.int32).numpy(), columns.numpy())
    total += mixed(offsets.numpy(), np.zeros(1, np.int32))
    return total - 2**64 if (total := total % 2**64) >= 2**63 else total


def mixed(words: np.ndarray, columns: np.ndarray) -> int:
    """The sum of int32 words with their columns and places, modulo 2⁶⁴."""
    x = words.view(np.uint32).astype(np.uint64)
    x ^= columns.view(np.uint32).astype(np.uint64) * np.uint64(COLUMN_FACTOR)
    x += np.arange(len(words), dtype=np.uint64) * np.uint64(PLACE_FACTOR)
    x *= np.uint64(MIX_FACTOR)
    x ^= x >> np.uint64(32)
    return int(x.sum())
