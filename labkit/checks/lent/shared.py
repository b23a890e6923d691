"""A module whose tensors lie in a few memories, wherever it is sent (this imports torch).

Copying or pickling a model gives each of its parameters a memory of its own.
"""

from typing import Any

from torch import Tensor, nn

View = tuple[int, tuple[int, ...], tuple[int, ...], int, bool]
"""Number of the memory, size, strides, first entry, and whether it is a buffer."""


class Shared(nn.Module):
    """Parameters and buffers by name, each a view of one of the `memories`."""

    def __init__(self, memories: list[Tensor], views: dict[str, View]) -> None:
        super().__init__()
        self.memories, self.views = memories, views
        for name, (number, size, strides, first, is_buffer) in views.items():
            tensor = memories[number].as_strided(size, strides, first)
            if is_buffer:
                self.register_buffer(name, tensor)
            else:
                self.register_parameter(name, nn.Parameter(tensor))

    def __reduce__(self) -> tuple[Any, ...]:
        return Shared, (self.memories, self.views)
