"""Which calls of a model's modules are under way on this thread, and what layers did for others.

A sparse layer may do the work of layers that are called after it (`run_as_one`).  That is right
only within the module that is known to call them so; here that module says that it runs.
"""

from __future__ import annotations

import threading

import torch
from torch import nn

_local = threading.local()  # .layers: those that may do more; .results: what they did for others


def enter(layer: nn.Module) -> None:
    """From here on `layer` may do the work of others, until `leave`."""
    layers = _local.__dict__.setdefault("layers", [])
    if any(other is layer for other in layers):  # an interrupt, by Ctrl-C, has left it there
        del layers[next(i for i, other in enumerate(layers) if other is layer) :]
    layers.append(layer)


def leave(layer: nn.Module) -> None:
    """The end of what `enter` began, if it did; results that nobody came for are dropped."""
    layers = _local.__dict__.get("layers", [])
    if layers and layers[-1] is layer:
        layers.pop()
        _local.results = []


def inside(layer: nn.Module) -> bool:
    """Whether `layer` may do the work of others now."""
    layers = _local.__dict__.get("layers", [])
    return bool(layers) and layers[-1] is layer


def put(layer: nn.Module, x: torch.Tensor, y: torch.Tensor) -> None:
    """Keep y, what `layer` would return of the tensor x."""
    _local.__dict__.setdefault("results", []).append((layer, x, y))


def fetch(layer: nn.Module, x: torch.Tensor) -> torch.Tensor | None:
    """What was kept for `layer` and this very tensor, once."""
    results = _local.__dict__.get("results", [])
    for i, (owner, given, y) in enumerate(results):
        if owner is layer and given is x:
            del results[i]
            return y
    return None
