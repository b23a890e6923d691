"""Feed-forwards whose two sparse layers run as one (`feed_forward`).

Within the module that calls both, the first layer returns what the second would, and the second
passes that on.  Everywhere else each layer computes its own: where one of them is called alone, or
has a hook.
"""

from __future__ import annotations

from operator import attrgetter
from typing import Any

from torch import nn

from labkit.execution import feed_forward
from labkit.execution.bf16_links import FEED_FORWARDS
from labkit.execution.sparse_layer import SparseLinear

CALLED = {
    "GPT2MLP": ("c_fc", "act", "c_proj"),
    **dict.fromkeys(("BartEncoderLayer", "BartDecoderLayer"), ("fc1", "activation_fn", "fc2")),
    **dict.fromkeys(
        ("BertLayer", "RobertaLayer"),
        (
            "intermediate",
            "intermediate.dense",
            "intermediate.intermediate_act_fn",
            "output",
            "output.dense",
        ),
    ),
}
"""Classes of transformers, as in `FEED_FORWARDS`: what a feed-forward calls, where a hook may be."""


def chain(model: nn.Module) -> int:
    """Let the feed-forwards of `model` run as one, in place; returns how many can.

    Both layers have to be sparse ones by the kernel, of one precision, with the activation in the
    first (`activations.fuse`).
    """
    chained = 0
    for module in model.modules():
        paths = FEED_FORWARDS.get(type(module).__name__)
        if paths is None or not type(module).__module__.startswith("transformers."):
            continue
        first, second = (attrgetter(path)(module) for path in paths)
        if _fit(first, second):
            first.then = (second,)  # a tuple: no part of this layer
            module.register_forward_pre_hook(_enter)
            module.register_forward_hook(_leave, always_call=True)
            chained += 1
    return chained


def unchain(model: nn.Module) -> None:
    """Take back what `chain` did, in place."""
    for module in model.modules():
        for hooks in (module._forward_pre_hooks, module._forward_hooks):
            for key in [key for key, hook in hooks.items() if hook in (_enter, _leave)]:
                del hooks[key]
                module._forward_hooks_always_called.pop(key, None)
        if isinstance(module, SparseLinear):
            module.then = ()


def _fit(*layers: nn.Module) -> bool:
    if not all(isinstance(layer, SparseLinear) and layer.method == "kernel" for layer in layers):
        return False
    first, second = layers
    # A result of another width than what lies between cannot be taken for it without an error.
    apart = second.in_features == first.out_features != second.out_features
    return bool(apart and first.activation and first.precision == second.precision)


def _enter(module: nn.Module, args: Any) -> None:
    name = type(module).__name__
    called = [attrgetter(path)(module) for path in CALLED[name]]
    if not any(m.training or m._forward_hooks or m._forward_pre_hooks for m in called):
        first = attrgetter(FEED_FORWARDS[name][0])(module)
        feed_forward.running.__dict__.setdefault("layers", []).append(first)


def _leave(module: nn.Module, args: Any, result: Any) -> None:
    first = attrgetter(FEED_FORWARDS[type(module).__name__][0])(module)
    layers = feed_forward.running.__dict__.get("layers", [])
    if layers and layers[-1] is first:
        layers.pop()
