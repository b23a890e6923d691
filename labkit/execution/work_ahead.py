"""Which calls of a model's modules are under way on this thread, and what layers did for others.

A sparse layer may do the work of layers that are called after it (`run_as_one`).  That is right
only within the module that is known to call them so; here that module says that it runs.  What
counts is Python's stack: a call that Ctrl-C has ended is over, and what somebody else's code calls
from within, a hook's, is no call of the module's.
"""

from __future__ import annotations

import sys
import threading
from types import CodeType, FrameType
from typing import NamedTuple

import torch
from torch import nn

_local = threading.local()  # .calls: those under way, the innermost last

_known: dict[CodeType, bool] = {}  # whether code is of those who call layers as they should

_CALLERS = ("labkit.", "torch.", "transformers.")


class _Call(NamedTuple):
    """A call of a module: the layer that may do more in it, where it runs, what was done ahead."""

    layer: nn.Module
    frame: FrameType
    results: list[tuple[nn.Module, torch.Tensor, torch.Tensor]]


def enter(layer: nn.Module) -> None:
    """From here on `layer` may do the work of others, until `leave`; asked by a module's hook."""
    frame = sys._getframe(1)
    while _name(frame).startswith(("labkit.", "torch._dynamo.")) and frame.f_back is not None:
        frame = frame.f_back
    calls = _local.__dict__.setdefault("calls", [])
    while calls and not _runs(calls[-1].frame):  # an interrupt, by Ctrl-C, has left it there
        calls.pop()
    calls.append(_Call(layer, frame, []))


def leave(layer: nn.Module) -> None:
    """The end of what `enter` began, if it did; results that nobody came for are dropped."""
    calls = _local.__dict__.get("calls")
    if calls and calls[-1].layer is layer:
        calls.pop()


def inside(layer: nn.Module) -> bool:
    """Whether `layer` may do the work of others now."""
    if torch.compiler.is_compiling():
        return False  # whose code is not on the stack
    calls = _local.__dict__.get("calls")
    return bool(calls) and calls[-1].layer is layer and _runs(calls[-1].frame, alone=True)


def put(layer: nn.Module, x: torch.Tensor, y: torch.Tensor) -> None:
    """Keep y, what `layer` would return of the tensor x, for the call that is `inside`."""
    _local.calls[-1].results.append((layer, x, y))


def fetch(layer: nn.Module, x: torch.Tensor) -> torch.Tensor | None:
    """What was kept for `layer` and this very tensor, once."""
    calls = _local.__dict__.get("calls")
    if not calls:
        return None
    for i, (owner, given, y) in enumerate(calls[-1].results):
        if owner is layer and given is x:
            if not _runs(calls[-1].frame, alone=True):
                return None
            del calls[-1].results[i]
            return y
    return None


def _runs(frame: FrameType, alone: bool = False) -> bool:
    """Whether a frame is on the stack; with `alone`, with nobody else's code called from it."""
    here: FrameType | None = sys._getframe(1)
    while here is not None and here is not frame:
        if alone:
            known = _known.get(here.f_code)
            if known is None:
                known = _known[here.f_code] = _name(here).startswith(_CALLERS)
            if not known:
                return False
        here = here.f_back
    return here is not None


def _name(frame: FrameType) -> str:
    return frame.f_globals.get("__name__") or ""
