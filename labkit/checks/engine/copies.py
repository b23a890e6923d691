"""Copies of arguments that keep what `copy.deepcopy` loses."""

import copy
from typing import Any


def copied(arguments: tuple) -> tuple:
    """A deep copy, in which different parameters that lie in one memory still do.

    `copy.deepcopy` gives each parameter a memory of its own, whatever it shared.
    """
    from torch import nn

    models = [argument for argument in arguments if isinstance(argument, nn.Module)]
    parameters = {id(p): p for model in models for p in model.parameters()}
    groups: dict[int, list[nn.Parameter]] = {}
    for parameter in parameters.values():
        groups.setdefault(parameter.untyped_storage().data_ptr(), []).append(parameter)
    memo: dict[int, Any] = {}
    for place, group in groups.items():
        if place == 0 or len(group) == 1 or len({p.dtype for p in group}) > 1:
            continue
        memory = group[0].untyped_storage().clone()
        for p in group:
            view = p.detach().new_empty(0).set_(memory, p.storage_offset(), p.shape, p.stride())
            memo[id(p)] = nn.Parameter(view, requires_grad=p.requires_grad)
    return copy.deepcopy(arguments, memo)
