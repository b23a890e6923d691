"""Tensors as compiled loops read them: by their address, and with nothing that torch adds on top.

What has no memory of its own (within vmap or jvp, FakeTensorMode, a masked tensor) or carries
derivatives would give results that are wrong without a word.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch.autograd import forward_ad

from labkit.errors import InputError

_before_dispatch = torch._ops._len_torch_dispatch_stack_pre_dispatch

DENSE = "use the dense model (dense_linear(model))"
"""What to do instead."""


def address(tensor: torch.Tensor) -> int:
    """Where a tensor's numbers begin.

    Raises:
        InputError: it has none there.
    """
    try:
        place = tensor.data_ptr()
    except RuntimeError as error:
        raise InputError(_no_memory(tensor)) from error
    if not place and tensor.numel():
        raise InputError(_no_memory(tensor))
    return place


def _no_memory(tensor: torch.Tensor) -> str:
    return (
        f"a {type(tensor).__name__} without memory of its own, as within vmap, jvp, torch.export "
        f"or FakeTensorMode: compiled loops cannot read it; {DENSE}"
    )


def whole(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor itself, or a copy where its numbers do not follow each other as they are."""
    return (tensor.resolve_neg() if tensor.is_neg() else tensor).contiguous()


def counted(tensors: Sequence[torch.Tensor | None]) -> bool:
    """Whether torch counts what is written to all of these."""
    return not any(tensor is not None and tensor.is_inference() for tensor in tensors)


def state(tensors: Sequence[torch.Tensor | None], count: bool) -> list[tuple[object, ...]]:
    """What changes when somebody gives tensors other memory, or writes to them if they `count`."""
    return [
        (t.data_ptr(), t.dtype, t.numel(), t._version if count else 0)
        for t in tensors
        if t is not None
    ]


def followed() -> bool:
    """Whether torch follows any tensors by gradients now, backward or forward."""
    return torch.is_grad_enabled() or forward_ad._current_level >= 0


def derivatives_wanted(*tensors: torch.Tensor | None) -> bool:
    """Whether torch would follow these."""
    given = [tensor for tensor in tensors if tensor is not None]
    if torch.is_grad_enabled() and any(tensor.requires_grad for tensor in given):
        return True
    if forward_ad._current_level < 0:
        return False
    return any(forward_ad.unpack_dual(tensor).tangent is not None for tensor in given)


def refuse_records() -> None:
    """Raise where a graph is recorded, which would lack what compiled loops do.

    Raises:
        InputError: within `torch.jit.trace`, `make_fx` or FakeTensorMode.
    """
    if torch.jit.is_tracing() or _modes():
        raise InputError(
            "torch.jit.trace, make_fx and FakeTensorMode cannot see what compiled loops do: trace "
            "the dense model (dense_linear(model))."
        )


def _modes() -> bool:
    """Whether torch records what is called, or only pretends to compute it."""
    if not (torch._C._len_torch_dispatch_stack() or _before_dispatch()):
        return False
    kinds = torch._C._TorchDispatchModeKey
    early = torch._ops._get_dispatch_mode_pre_dispatch(kinds.PROXY)
    modes = map(torch._C._get_dispatch_mode, (kinds.PROXY, kinds.FAKE, kinds.FUNCTIONAL))
    return early is not None or any(mode is not None for mode in modes)
