"""GELU within the sparse layer before it, where a feed-forward has one: a pass over memory less."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from labkit.execution.own_code import Done, hand_over_hooks, heard, of_transformers, replaced
from labkit.execution.sparse_layer import SparseLinear

FEED_FORWARDS = {
    "GPT2MLP": ("c_fc", "act"),
    **dict.fromkeys(("BartEncoderLayer", "BartDecoderLayer"), ("fc1", "activation_fn")),
    **dict.fromkeys(("BertIntermediate", "RobertaIntermediate"), ("dense", "intermediate_act_fn")),
}
"""Classes of transformers whose layer's result goes to the activation and nowhere else."""


class OnePassGELU(nn.GELU):
    """GPT-2's activation in one pass over memory, not the eight of transformers' formula.

    Next to sparse layers those eight are most of what a forward pass costs.  The values agree to
    the last digits of float32.
    """

    def __init__(self) -> None:
        super().__init__("tanh")


def fuse(model: nn.Module) -> int:
    """Move the activation behind sparse layers into them, in place; returns for how many.

    What is no sparse layer by the kernel, has hooks or another activation stays as it is; GPT-2's
    formula then becomes `OnePassGELU`.
    """
    from transformers.activations import NewGELUActivation

    fused = 0
    for module in list(model.modules()):
        names = FEED_FORWARDS.get(type(module).__name__)
        if names is None or not of_transformers(module):
            continue
        layer, activation = (getattr(module, name) for name in names)
        kind = _kind(activation)
        alone = not any(_watched(part) for part in (layer, activation))
        if kind and alone and isinstance(layer, SparseLinear) and layer.method == "kernel":
            layer.activation, layer.caller = kind, (module, names[1])
            done = Done(activation, module, names[0]).train(activation.training)
            setattr(module, names[1], done)
            fused += 1
    _replace(model, NewGELUActivation, _one_pass)
    return fused


def unfuse(model: nn.Module) -> None:
    """Put each activation back to where it was, in place."""
    from transformers.activations import NewGELUActivation

    for module in model.modules():
        if isinstance(module, SparseLinear):
            module.activation, module.caller = "", ()
    _replace(model, Done, lambda module: module.kept[0].train(module.training))
    _replace(model, OnePassGELU, lambda module: NewGELUActivation().train(module.training))


def _one_pass(activation: nn.Module) -> nn.Module:
    return activation if _watched(activation) else OnePassGELU().train(activation.training)


def _kind(activation: nn.Module) -> str:
    """The name in `panel_loops.ACTIVATIONS` of what a module computes, or an empty string."""
    from transformers.activations import GELUActivation, NewGELUActivation

    if type(activation) is GELUActivation and activation.act is nn.functional.gelu:
        return "gelu"
    if type(activation) is NewGELUActivation or type(activation) is OnePassGELU:
        return "gelu_tanh"
    if type(activation) is nn.GELU:
        return {"none": "gelu", "tanh": "gelu_tanh"}[activation.approximate]
    return ""


def _watched(module: nn.Module) -> bool:
    return heard(module) or replaced(module)


def _replace(model: nn.Module, old: type[nn.Module], new: Callable) -> None:
    """Put what `new` makes of it in the place of each module of one type."""
    for name, module in list(model.named_modules(remove_duplicate=False)):
        if type(module) is old:
            model.set_submodule(name, hand_over_hooks(module, new(module)))
