"""Memory that a model's activations use again from one layer to the next."""

from __future__ import annotations

import ctypes
import functools
from typing import Any

KEPT_BYTES = 256 << 20
"""Freed memory at the end of the heap that stays with the process."""

LARGEST_BYTES = 32 << 20
"""Blocks up to this size come from the heap: the most that the GNU C library allows."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # `man 3 mallopt`


@functools.cache
def keep_freed_memory() -> bool:
    """Let this process keep freed memory for its next allocations; whether that could be set.

    The GNU C library gives large blocks back to the system as soon as they are freed, and the
    system fills each page of the next one with zeros first.  A layer's activations are such blocks:
    next to sparse layers this takes up to a fifth of a forward pass.  From here on up to
    `KEPT_BYTES` stay with the process, for the rest of its life.  Other C libraries are left alone.
    """
    mallopt = _function("mallopt")
    if mallopt is None:
        return False
    mallopt.argtypes, mallopt.restype = [ctypes.c_int, ctypes.c_int], ctypes.c_int
    largest = mallopt(_MMAP_THRESHOLD, LARGEST_BYTES)
    return bool(largest and mallopt(_TRIM_THRESHOLD, KEPT_BYTES))


def give_back_freed_memory() -> bool:
    """Give memory that is free inside the heap back to the system; whether there was any to give.

    What turned a model's layers into sparse ones lies in pieces between what stays: 60 MB of
    RoBERTa-base's, which no activation is ever put into.  Other C libraries than GNU's are left
    alone.
    """
    trim = _function("malloc_trim")
    if trim is None:
        return False
    trim.argtypes, trim.restype = [ctypes.c_size_t], ctypes.c_int
    return bool(trim(0))


def _function(name: str) -> Any:
    """A function of the GNU C library; None where it is another one (macOS, musl, Windows)."""
    try:
        library = ctypes.CDLL(None)
        library.gnu_get_libc_version  # noqa: B018, raises where it is another library
        return getattr(library, name)
    except (AttributeError, TypeError, OSError):
        return None
