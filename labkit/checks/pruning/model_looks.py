"""What `pruning.apply` judges of a model, in plain data; each look takes it and the arguments.

The arguments are those of the call, as it has left them.
"""

from typing import TYPE_CHECKING, Any

from labkit.checks.engine.difference import show_type
from labkit.checks.engine.model_data import HELD, ModelData, model_data, same_kind
from labkit.checks.engine.trial import Failure

if TYPE_CHECKING:
    from torch import Tensor

_SHARED = "tensors that share memory with the model"


def _tensors(model: Any) -> list[tuple[str, "Tensor"]]:
    """Parameters and buffers of a module or of what is left of it as data."""
    return [
        *model.named_parameters(remove_duplicate=False),
        *model.named_buffers(remove_duplicate=False),
    ]


def values(model: Any, arguments: tuple) -> dict[str, "Tensor"]:
    """Parameters and buffers by each of their names."""
    if not same_kind(model, arguments[0]):
        raise Failure(f"it returned {show_type(model)}, expected {show_type(arguments[0])}")
    return {name: tensor.detach().clone() for name, tensor in _tensors(model)}


def signs(model: Any, arguments: tuple) -> dict[str, "Tensor"]:
    """The values, and which entries have the sign bit set: 0.0 equals -0.0."""
    import torch

    found = values(model, arguments)
    return found | {f"{name} (sign bit)": torch.signbit(value) for name, value in found.items()}


def ties(model: Any, arguments: tuple) -> dict[str, Any]:
    """The values, and which names stand for one parameter."""
    found = values(model, arguments)
    groups: dict[int, list[str]] = {}
    for name, parameter in model.named_parameters(remove_duplicate=False):
        groups.setdefault(id(parameter), []).append(name)
    tied = [" and ".join(names) for names in groups.values() if len(names) > 1]
    return {"tied parameters": "; ".join(tied)} | found


def gradients(model: Any, arguments: tuple) -> dict[str, Any]:
    """The values, which parameters require gradients, and the mode and hooks of each module.

    `deepcopy` brings no gradients along: whether the copy holds some is left open.
    """
    found = values(model, arguments)
    marks = (model if isinstance(model, ModelData) else model_data(model)).marks
    return {name: mark for name, mark in marks.items() if not name.startswith(HELD)} | found


def own(model: Any, arguments: tuple) -> dict[str, Any]:
    """The values, and which names of the copy stand for a memory of the model."""
    found = values(model, arguments)
    used = {tensor.untyped_storage().data_ptr() for _, tensor in _tensors(arguments[0])}
    shared = [
        name
        for name, tensor in _tensors(model)
        if tensor.numel() and tensor.untyped_storage().data_ptr() in used
    ]
    return {_SHARED: ", ".join(shared) or "none"} | found
