"""Nested lists with tensors as bytes: text for the lists, and the memory of the tensors behind it.

It takes a tenth of the time of `torch.save` and `torch.load`, most of which goes into the archive
that they make of a few numbers.  What is not simple (other layouts, long lists, odd text) is left
to those.

The bytes are MARK; the length of the text and the number of memories; the length of each memory,
all as 8 bytes; the text, which is JSON in UTF-8 with an object {"t": [dtype, size, strides, first
entry, number of its memory]} in the place of each tensor; the memories.
"""

import json
import math
import struct
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

MARK = b"labkit1\n"
_TEXT = 2**20  # bytes; longer texts go the slow way, which knows how long they may be
_MEMORIES = 2**26  # bytes of all tensors; for more of them the slow way is no slower
_NUMBER = struct.Struct(">Q")
_DTYPES = (
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)


class _NotSimple(Exception):
    """What the quick way does not know."""


def pack(data: list) -> bytes | None:
    """Lists of text, numbers, None and tensors as bytes, or None where they are not simple.

    Tensors in one memory stay so.
    """
    memories: dict[int, Any] = {}
    seen: dict[int, tuple[int, str]] = {}

    def leaf(value: Any) -> dict[str, list]:
        return {"t": _described(value, memories, seen)}

    try:
        text = json.dumps(data, default=leaf, ensure_ascii=False, check_circular=False).encode()
    except (_NotSimple, ValueError):  # a number of thousands of digits; half a character
        return None
    if len(text) > _TEXT:
        return None
    left = _MEMORIES
    for memory in memories.values():  # no sum(): a submission may have patched it in its process
        left -= memory.nbytes()
    if left < 0:
        return None
    parts = [_bytes_of(memory) for memory in memories.values()]
    numbers = [len(text), len(parts), *(part.nbytes for part in parts)]
    return b"".join([MARK, *(_NUMBER.pack(number) for number in numbers), text, *parts])


def unpack(content: bytes) -> Any:
    """What `pack` was given; every number in `content` is looked at before it is used.

    Raises:
        ValueError: these are no bytes of `pack`.
    """
    import torch

    place = len(MARK)

    def numbers(count: int) -> list[int]:
        nonlocal place
        if len(content) - place < count * _NUMBER.size:
            raise ValueError("cut off")
        found = struct.unpack_from(f">{count}Q", content, place)
        place += count * _NUMBER.size
        return list(found)

    if content[:place] != MARK:
        raise ValueError("something else")
    length, count = numbers(2)
    if length > _TEXT or count > length:
        raise ValueError("more than `pack` writes")
    sizes = numbers(count)
    if len(content) != place + length + sum(sizes):
        raise ValueError("another length than it says")
    text, place = content[place : place + length], place + length
    memories = []
    for size in sizes:
        memory = torch.empty(size, dtype=torch.uint8)
        if size:
            memory.numpy()[:] = memoryview(content)[place : place + size]
        memories.append(memory.untyped_storage())
        place += size
    return json.loads(text, object_hook=lambda found: _tensor(found, memories))


def _described(value: Any, memories: dict[int, Any], seen: dict[int, tuple[int, str]]) -> list:
    """A tensor in numbers; its memory comes to `memories`, and its number and dtype to `seen`.

    Raises:
        _NotSimple: it is no tensor, or one that takes more to describe.
    """
    import torch

    name = str(getattr(value, "dtype", "")).removeprefix("torch.")
    if (
        type(value) is not torch.Tensor
        or name not in _DTYPES
        or value.layout != torch.strided
        or value.device.type != "cpu"
        or value.requires_grad
        or value.is_conj()
        or value.is_neg()
        or value.__dict__
    ):
        raise _NotSimple
    memory = value.untyped_storage()
    key = memory._cdata
    if key not in memories:
        seen[key] = (len(memories), name)
        memories[key] = memory
    number, first = seen[key]
    if name != first:  # the slow way gives each dtype a memory of its own
        raise _NotSimple
    return [name, list(value.shape), list(value.stride()), value.storage_offset(), number]


def _bytes_of(memory: Any) -> memoryview:
    import torch

    return torch.empty(0, dtype=torch.uint8).set_(memory).numpy().data


def _tensor(found: dict, memories: list) -> "Tensor":
    """The tensor that `_described` put into numbers.

    Raises:
        ValueError: there is no such tensor, or it would reach beyond its memory.
    """
    import torch

    match found:
        case {"t": [str(name), list(size), list(strides), first, number]} if len(found) == 1:
            numbers = [*size, *strides, first, number]
        case _:
            raise ValueError("no tensor")
    if name not in _DTYPES or len(size) != len(strides) or len(size) > 64:
        raise ValueError("no tensor")
    if not all(type(n) is int and 0 <= n < 2**62 for n in numbers) or number >= len(memories):
        raise ValueError("no tensor")
    empty = torch.empty(0, dtype=getattr(torch, name))
    held = memories[number].nbytes() // empty.element_size()
    last = first + sum((n - 1) * step for n, step in zip(size, strides, strict=True))
    # Without the second, few bytes could stand for any number of entries.
    if math.prod(size) > held or (0 not in size and last >= held):
        raise ValueError("a tensor that reaches beyond its memory")
    return empty.set_(memories[number], first, size, strides)
