"""Machine code that numba makes of loops, kept on disk, and run on the threads of torch.

The threads are those of torch's own OpenMP team, lent through `GOMP_parallel`: a second pool would
fight for the cores with torch's, whose idle threads spin.  Where torch has no GNU OpenMP, Python's
threads do the same work.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import os
import secrets
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from labkit.code_hash import code_hash
from labkit.execution.plain_tensors import refuse_records

COUNTER = 8
"""Numbers behind the arguments for each thread: the first is its next task, the rest keep it on a
cache line of its own."""


@dataclass(frozen=True)
class Compiled:
    """Code to call with the address of arguments; how long it took, and whether from a cache.

    `callback` is numba's, which owns the code, `call` the same for one thread.
    """

    callback: Any
    call: Callable[[int], None]
    seconds: float
    cached: bool


@functools.cache
def compiled(loops: str) -> Compiled:
    """Compile the `work` of a module, or load it from numba's cache; says on stderr if it compiles.

    Args:
        loops: the module, whose `work_of(version)` gives the function that each thread runs.

    Raises:
        Exception: whatever numba or LLVM raise where they are missing or fail.
    """
    from numba import cfunc, types

    signature = types.void(types.CPointer(types.int64))
    work = importlib.import_module(loops).work_of(1 + int(code_hash(loops), 16) % 2**31)
    # Loading from the cache is over before the line is printed.
    line = "labkit: compiling the sparse kernel, once (some seconds)\n"
    notice = threading.Timer(2.0, sys.stderr.write, [line])
    notice.daemon = True
    notice.start()
    start = time.perf_counter()
    try:
        with _names_of_their_own():
            try:
                callback = cfunc(signature, cache=True, error_model="numpy")(work)
            except (OSError, RuntimeError):  # numba finds no folder that it may keep code in
                callback = cfunc(signature, error_model="numpy")(work)
    finally:
        notice.cancel()
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(callback.address)
    return Compiled(callback, call, time.perf_counter() - start, callback.cache_hits > 0)


@contextmanager
def _names_of_their_own() -> Iterator[None]:
    """Let numba number the functions that it compiles at random, not from 1 on in each process.

    The number tells functions of one name apart, such as those of `panel_loops._exchange_of`.  Code
    that two processes have kept gives the same name and number to different ones, and a third
    process that loads both calls one of them for the other
    (https://github.com/numba/numba/issues/10486).
    """
    from numba.core.bytecode import FunctionIdentity

    numbers = FunctionIdentity._unique_ids
    FunctionIdentity._unique_ids = iter(lambda: secrets.randbits(64), None)
    try:
        yield
    finally:
        FunctionIdentity._unique_ids = numbers


@functools.cache
def problem(loops: str) -> str:
    """Why a module's `work` cannot run on this machine, or an empty string; compiles it."""
    try:
        compiled(loops)
    except Exception as error:  # many libraries, many types: there is torch's own for all of them
        return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"
    return ""


def run(loops: str, threads: int, arguments: Sequence[int]) -> Sequence[int]:
    """Let so many threads do the work of a module, and wait for all of them.

    Args:
        loops: as `compiled`.
        threads: how many; each has a counter of its own.
        arguments: what follows the number of the next thread and that of all threads.

    Returns:
        The arguments as the threads have left them.

    Raises:
        InputError: within `torch.jit.trace` or `make_fx`, whose graphs would lack the work.
    """
    refuse_records()
    # Filled faster than an array of ctypes.
    given = array("q", (0, threads, *arguments, *bytes(COUNTER * threads)))
    place, _ = given.buffer_info()
    code = compiled(loops)
    if threads == 1:
        code.call(place)
    elif parallel := _gomp_parallel():
        parallel(code.callback.address, place, threads, 0)
    else:
        _in_pool(threads, lambda: code.call(place))
    return given[2 : 2 + len(arguments)]


@functools.cache
def _gomp_parallel() -> Callable[..., None] | None:
    """GNU OpenMP's entry as torch has loaded it, or None (macOS, Windows)."""
    try:
        parallel = ctypes.CDLL(None).GOMP_parallel
    except (AttributeError, TypeError, OSError):
        return None
    parallel.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint, ctypes.c_uint]
    parallel.restype = None
    return parallel


def _in_pool(threads: int, work: Callable[[], object]) -> None:
    """Let so many of Python's threads do the same work; return, or raise, only when none works.

    Ctrl-C waits, as it does for code in C: threads would go on writing to memory that is freed.
    """
    gate, interrupt, begun = _Gate(), None, []
    try:
        pool = _pool(threads)
        for _ in range(threads):
            begun.append(pool.submit(gate.through, work))
        wait(begun)
    except KeyboardInterrupt as error:
        interrupt = error
    while gate.open or gate.inside:  # one may have begun that is not among `begun`
        try:
            gate.open = False
            time.sleep(0.001 if gate.inside else 0)
        except KeyboardInterrupt as error:
            interrupt = error
    if interrupt is not None:
        raise interrupt
    for one in begun:
        one.result()


class _Gate:
    """What threads go through to work: if it is not `open` none begins, and `inside` are the rest.

    Without a lock, which Ctrl-C could leave closed.
    """

    def __init__(self) -> None:
        self.open = True
        self.inside: list[None] = []

    def through(self, work: Callable[[], object]) -> None:
        """Work, if the gate is open: whoever shuts it sees who has come before."""
        self.inside.append(None)
        try:
            if self.open:
                work()
        finally:
            self.inside.pop()


@functools.cache
def _pool(threads: int) -> ThreadPoolExecutor:
    return ThreadPoolExecutor(threads, thread_name_prefix="labkit")


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a fork has none of the threads
