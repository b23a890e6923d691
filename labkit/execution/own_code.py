"""Whether modules of transformers still compute what their classes do, with nobody listening.

What runs as one takes the place of several calls.  A hook on one of them, or a `forward` that
somebody has put in the place of the class's, asks for each call by itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any

from torch import nn
from torch.nn.modules import module as torch_modules

from labkit.execution import work_ahead


def heard(module: nn.Module) -> bool:
    """Whether hooks see the module's calls: its own ones, or those of all modules."""
    return bool(
        module._forward_hooks
        or module._forward_pre_hooks
        or torch_modules._global_forward_hooks
        or torch_modules._global_forward_pre_hooks
    )


def replaced(module: nn.Module) -> bool:
    """Whether the instance has a `forward` of its own that is none of labkit's."""
    forward: Any = module.__dict__.get("forward")
    return forward is not None and not _home(getattr(forward, "func", forward)).startswith("labkit")


def undisturbed(modules: Iterable[nn.Module]) -> bool:
    """Whether none of these is heard, replaced or in training; asked for at every pass."""
    if torch_modules._global_forward_hooks or torch_modules._global_forward_pre_hooks:
        return False
    for module in modules:
        parts = module.__dict__
        if parts["training"] or parts["_forward_hooks"] or parts["_forward_pre_hooks"]:
            return False
        if "forward" in parts and replaced(module):
            return False
    return True


def of_transformers(module: nn.Module) -> bool:
    """Whether a module is of a class of transformers and computes by that class's code."""
    kind = type(module)
    return _both_of_transformers(kind, kind.forward) and not replaced(module)


@functools.lru_cache(256)
def _both_of_transformers(kind: type, forward: Callable) -> bool:
    return all(home.startswith("transformers.") for home in (kind.__module__, _home(forward)))


def _home(function: Any) -> str:
    return getattr(function, "__module__", None) or ""


def part(module: nn.Module, path: tuple[str, ...]) -> nn.Module:
    """A module within another, by names; quicker than asking for attributes."""
    for name in path:
        module = module._modules[name]
    return module


def hand_over_hooks(old: nn.Module, new: nn.Module) -> nn.Module:
    """Let `new` have the forward hooks of the module that it takes the place of; returns it."""
    for name in vars(old):
        if name.startswith("_forward_") and vars(old)[name]:
            setattr(new, name, vars(old)[name])  # the very same, so that handles still remove them
    return new


class Done(nn.Identity):
    """In the place of an activation that the layer before it computes; keeps the original.

    Where that layer does not, now, the original computes it.

    Args:
        original: the activation.
        module: what calls the layer and then this.
        name: of the layer in it.
    """

    def __init__(self, original: nn.Module, module: nn.Module, name: str) -> None:
        super().__init__()
        self.kept = (original,)  # tuples: no modules of the model
        self.caller = module, name

    def forward(self, x: Any) -> Any:
        """x as it is, or activated."""
        layer = getattr(*self.caller)
        done = work_ahead.inside(layer) or getattr(layer, "computes", "")
        return x if done else self.kept[0].forward(x)
