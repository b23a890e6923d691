"""Arguments of a call on their way to the process of a submission: pickled, tensors as they lie.

Only the checks write them; as `torch.save` they keep what shares a memory, which pickle alone does
not do, and take a fifth of its time.
"""

import io
import pickle
from typing import Any


def pack_arguments(arguments: tuple) -> bytes:
    """The arguments as bytes."""
    import torch

    memories: dict[int, Any] = {}
    numbers: dict[int, int] = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, thing: Any) -> tuple[int, Any] | None:
            if isinstance(thing, torch.storage.TypedStorage):
                memory, dtype = thing._untyped_storage, thing.dtype
            elif isinstance(thing, torch.UntypedStorage):
                memory, dtype = thing, None
            else:
                return None
            key = memory._cdata
            memories[key] = memory
            return numbers.setdefault(key, len(numbers)), dtype

    buffer = io.BytesIO()
    Pickler(buffer).dump(arguments)
    parts = [_bytes_of(memory) for memory in memories.values()]
    return pickle.dumps((parts, buffer.getvalue()))


def unpack_arguments(content: bytes) -> tuple:
    """The arguments that `pack_arguments` was given."""
    import torch

    parts, pickled = pickle.loads(content)
    memories = [_memory_of(part) for part in parts]

    class Unpickler(pickle.Unpickler):
        def persistent_load(self, key: tuple[int, Any]) -> Any:
            number, dtype = key
            if dtype is None:
                return memories[number]
            return torch.storage.TypedStorage(
                wrap_storage=memories[number], dtype=dtype, _internal=True
            )

    return Unpickler(io.BytesIO(pickled)).load()


def _bytes_of(memory: Any) -> bytes:
    import torch

    return torch.empty(0, dtype=torch.uint8).set_(memory).numpy().tobytes()


def _memory_of(part: bytes) -> Any:
    import torch

    memory = torch.empty(len(part), dtype=torch.uint8)
    if part:
        memory.numpy()[:] = memoryview(part)
    return memory.untyped_storage()
