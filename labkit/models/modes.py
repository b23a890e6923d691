"""Training and evaluation mode for a time, each module's own afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


@contextmanager
def in_mode(model: nn.Module, training: bool) -> Iterator[None]:
    """Put all of `model` into one mode, and each module back into its own.

    `model.train(before)` would not do: who trains a head on a frozen body has the body in
    evaluation mode and the rest in training mode.
    """
    before = {module: module.training for module in model.modules()}
    model.train(training)
    try:
        yield
    finally:
        for module, mode in before.items():
            module.training = mode
