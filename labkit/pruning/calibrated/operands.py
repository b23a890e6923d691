"""What weight matrices are multiplied with, seen as the model multiplies.

A layer is told by the address of its weight, not by the module that holds it: so experts that lie
in one parameter are told apart, and GPT-2's `Conv1D` needs no case of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from labkit.models.prunable import Layer

if TYPE_CHECKING:
    import torch

Visit = Callable[[Layer, "torch.Tensor"], None]

_RIGHT = {"matmul": 1, "__matmul__": 1, "mm": 1, "addmm": 2}
"""Where the right factor of a product stands among the arguments; the left one is before it."""


@contextmanager
def watching(layers: Iterable[Layer], visit: Visit) -> Iterator[None]:
    """Call `visit(layer, inputs)`, inputs (tokens, inputs), whenever a layer's weight is used.

    Products that are seen are those of `nn.Linear`, `Conv1D`, `matmul` and `@`, and convolutions
    of width 1.  Tokens are counted once for each use.
    """
    from torch.overrides import TorchFunctionMode

    places = {layer.weight.data_ptr(): layer for layer in layers}

    class Watch(TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None
        ) -> Any:
            if found := _product(getattr(func, "__name__", ""), args, kwargs or {}, places):
                visit(*found)
            return func(*args, **(kwargs or {}))

    with Watch():
        yield


def _product(
    name: str, args: tuple, kwargs: dict, places: dict[int, Layer]
) -> tuple[Layer, torch.Tensor] | None:
    """The layer and its inputs, where this call multiplies with a layer's weight."""
    if name in ("linear", "conv1d", "conv2d"):
        left = args[0] if args else kwargs["input"]
        right = args[1] if len(args) > 1 else kwargs["weight"]
        if layer := _layer(right, places):
            if name != "linear":
                left = left.movedim(1, -1)
            return layer, left.reshape(-1, left.shape[-1])
    elif (at := _RIGHT.get(name)) and len(args) > at:
        left, right = args[at - 1], args[at]
        if layer := _layer(right, places):
            return layer, left.reshape(-1, left.shape[-1])
        if layer := _layer(left, places):  # W x, with x (inputs, tokens)
            return layer, right.movedim(-2, -1).reshape(-1, right.shape[-2])
    return None


def _layer(tensor: torch.Tensor, places: dict[int, Layer]) -> Layer | None:
    layer = places.get(tensor.data_ptr())
    # The first expert lies where the parameter of all experts begins.
    return layer if layer is not None and layer.weight.numel() == tensor.numel() else None
