"""Sparse layers that run as one: a feed-forward's two, and an attention's three.

Within the module that calls them, the first layer of a feed-forward returns what the second would
(`feed_forward`), and the second passes that on; and the layer of the queries reads activations for
those of keys and values too.  Everywhere else each layer computes its own: where it is called
alone, or where a hook listens to what a feed-forward has within.
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import attrgetter
from typing import Any

import torch
from torch import nn

from labkit.execution import feed_forward, machine_code, work_ahead
from labkit.execution.bf16_links import FEED_FORWARDS
from labkit.execution.own_code import of_transformers, part, undisturbed
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
"""Classes as in `FEED_FORWARDS`: the modules whose hooks would see what lies between its layers."""

ATTENTION = {
    "BartAttention": ("q_proj", "k_proj", "v_proj"),
    **dict.fromkeys(("BertSelfAttention", "RobertaSelfAttention"), ("query", "key", "value")),
}
"""Classes of transformers: layers that are called in this order, in self-attention with one x."""


def chain(model: nn.Module) -> int:
    """Let feed-forwards and attention of `model` run as one, in place; returns how many can.

    All layers have to be sparse ones by the kernel, of one precision, and the activation of a
    feed-forward within its first one (`activations.fuse`).
    """
    chained = 0
    for module in model.modules():
        name = type(module).__name__
        if not type(module).__module__.startswith("transformers."):
            continue
        for paths in (FEED_FORWARDS.get(name), ATTENTION.get(name)):
            layers = [attrgetter(path)(module) for path in paths or ()]
            if not layers or not _alike(layers):
                continue
            if len(layers) == 3:
                layers[0].beside = tuple(layers[1:])
                module.register_forward_pre_hook(_enter_attention, with_kwargs=True)
            elif _passes_on(*layers):
                layers[0].then = (layers[1],)
                module.register_forward_pre_hook(_enter)
            else:
                continue
            # First of all hooks: others may call the layers.
            module.register_forward_hook(_leave, always_call=True, prepend=True)
            chained += 1
    return chained


def unchain(model: nn.Module) -> None:
    """Take back what `chain` did, in place."""
    for module in model.modules():
        ours = (_enter, _enter_attention, _leave)
        for key in [k for k, hook in module._forward_pre_hooks.items() if hook in ours]:
            del module._forward_pre_hooks[key]
            module._forward_pre_hooks_with_kwargs.pop(key, None)
        for key in [k for k, hook in module._forward_hooks.items() if hook in ours]:
            del module._forward_hooks[key]
            module._forward_hooks_always_called.pop(key, None)
        if isinstance(module, SparseLinear):
            module.then = module.beside = ()


def _alike(layers: list[nn.Module]) -> bool:
    """Whether these are sparse layers that the kernel runs in the same way."""
    return all(
        isinstance(layer, SparseLinear)
        and layer.method == "kernel"
        and layer.precision == layers[0].precision
        for layer in layers
    )


def _passes_on(first: SparseLinear, second: SparseLinear) -> bool:
    """Whether the first layer can return what the second would."""
    # A result as wide as what lies between them could be taken for that without an error.
    apart = first.out_features != second.out_features
    return bool(first.activation) and apart and not machine_code.problem(feed_forward.LOOPS)


def _paths(paths: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(path.split(".")) for path in paths)


_CALLED = {name: _paths(paths) for name, paths in CALLED.items()}
_LAYERS = {name: _paths(paths) for name, paths in (FEED_FORWARDS | ATTENTION).items()}


def _first(module: nn.Module) -> SparseLinear:
    return part(module, _LAYERS[type(module).__name__][0])


@torch.compiler.disable
def _enter(module: nn.Module, args: Any) -> None:
    name = type(module).__name__
    called = [part(module, path) for path in _CALLED[name]]
    if not undisturbed(called) or module.training or not of_transformers(module):
        return
    first, second = (part(module, path) for path in _LAYERS[name])
    # Not where either layer, or what lies between, is another one by now.
    own = getattr(first, "computes", "") and not getattr(second, "activation", "")
    if own and first.then == (second,):
        work_ahead.enter(first)


@torch.compiler.disable
def _enter_attention(module: nn.Module, args: Any, kwargs: dict[str, Any]) -> None:
    # Where keys come from another model, their layers get another x.
    others = ("key_value_states", "encoder_hidden_states")
    alone = len(args) < 2 and all(kwargs.get(name) is None for name in others)
    first = _first(module)
    beside = getattr(first, "beside", ())
    # A hook between these may change the x of all, in place; only the first one's are told ahead.
    alone = alone and bool(beside) and undisturbed(beside) and not first._forward_hooks
    how = {(layer.activation, layer.result) for layer in (first, *beside)} if alone else ()
    if len(how) == 1:
        work_ahead.enter(first)


@torch.compiler.disable
def _leave(module: nn.Module, args: Any, result: Any) -> None:
    work_ahead.leave(_first(module))
