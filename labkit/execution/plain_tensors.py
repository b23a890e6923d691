"""Tensors as compiled loops read them: by their address, and with nothing that torch adds on top.

What has no memory of its own (within vmap or jvp, FakeTensorMode, a masked tensor) or carries
derivatives would give results that are wrong without a word.
"""

from __future__ import annotations

import torch
from torch.autograd import forward_ad

from labkit.errors import InputError

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
    return tensor.resolve_neg().contiguous()


def state(tensor: torch.Tensor | None) -> tuple[object, ...]:
    """What changes when somebody gives a tensor other memory or writes to it so that it counts."""
    if tensor is None:
        return ()
    version = 0 if tensor.is_inference() else tensor._version
    return version, address(tensor), tensor.dtype, tensor.numel(), tensor.is_contiguous()


def derivatives_wanted(*tensors: torch.Tensor | None) -> bool:
    """Whether torch would follow these by gradients, backward or forward."""
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
    kinds = torch._C._TorchDispatchModeKey
    early = torch._ops._get_dispatch_mode_pre_dispatch(kinds.PROXY)
    modes = map(torch._C._get_dispatch_mode, (kinds.PROXY, kinds.FAKE, kinds.FUNCTIONAL))
    return early is not None or any(mode is not None for mode in modes)
