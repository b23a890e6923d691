"""Values as plain data: what may pass from the process of a student's code to the checks.

`encode` makes of a value nested lists of numbers, text and tensors; `decode` builds it again.
Tensors that share a memory, if it is small, share one afterwards too.  A model comes back as
`ModelData`, what the checks have lent (a clock, a counter) as an object of its class, anything else
as `Other`: no class of the student is ever made anew here.
"""

import io
import pickletools
import re
import sys
import zipfile
from collections import OrderedDict
from fractions import Fraction
from typing import Any

from labkit.checks.engine.model_data import ModelData, Other, kind_of, model_data
from labkit.checks.engine.quick_data import MARK, pack, unpack

LARGEST = 512 * 2**20  # bytes
_STRUCTURE = 2 * 2**20  # bytes of all that is no tensor: in memory it is a hundred times as much
_LENT = "labkit.checks.lent."  # classes of what the checks hand in
_SHARED = 2**20  # bytes of memory that a view may carry along
_KIND = re.compile(r"[\w.<> ]{1,200}")  # module and name of a class
# What torch.save names to build a tensor.  torch.load knows more names, some of which make much of
# few bytes: bytearray(10**10), torch.Tensor(10**10).
_BUILDERS = re.compile(
    r"torch\._utils _rebuild_(tensor_v2|tensor_v3|sparse_tensor|meta_tensor_no_storage)"
    r"|torch \w*Storage|torch\.storage UntypedStorage|torch u?(int|float|bfloat|complex|bool)\w*"
    r"|torch Size|torch device|torch\.serialization _get_layout|collections OrderedDict"
)


def encode(value: Any) -> list:
    """The value as a nested list [tag, ...] of plain values and tensors, as `pack` takes it.

    Raises whatever looking at the value raises: it may run code of its class.
    """
    import numpy as np
    import torch

    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return ["plain", value]
    if isinstance(value, tuple | list):  # a named tuple too
        base = tuple if isinstance(value, tuple) else list
        return [base.__name__, [encode(item) for item in base.__iter__(value)]]
    if isinstance(value, dict):
        base = OrderedDict if issubclass(kind, OrderedDict) else dict
        tag = "ordered" if base is OrderedDict else "dict"
        return [tag, [[encode(key), encode(item)] for key, item in base.items(value)]]
    if kind is Fraction:
        return ["plain", float(value)]
    if kind in (torch.Tensor, torch.nn.Parameter):
        if value.is_nested or value.is_quantized:
            return ["other", f"torch.{'nested' if value.is_nested else 'quantized'} Tensor"]
        tag = "tensor" if kind is torch.Tensor else "parameter"
        return [tag, _plain(value), value.requires_grad]
    if kind is np.ndarray or (isinstance(value, np.generic) and kind.__module__ == "numpy"):
        array = np.array(value)
        return ["array", torch.from_numpy(array), kind is np.ndarray]
    if isinstance(value, torch.nn.Module):
        data = model_data(value)
        plain = {name: item for name, item in vars(value).items() if name[0] != "_"}
        # Each tensor once, so that tied ones are one tensor on the other side as well.
        tensors = {id(tensor): tensor for tensor in data.contents.values()}
        place = {key: number for number, key in enumerate(tensors)}
        names = [
            [[name, place[id(tensor)]] for name, tensor in part.items()]
            for part in (data.parameters, data.buffers)
        ]
        rest = [encode(plain), encode(data.marks)]
        return ["model", data.kind, names, [encode(t) for t in tensors.values()], *rest]
    if kind.__module__.startswith(_LENT):
        return ["object", kind_of(value), encode(vars(value))]
    return ["other", kind_of(value)]


def _plain(tensor: Any) -> Any:
    """The tensor without its history.

    Tensors in one memory stay so, for `torch.save` writes it once; a copy is made where a view
    would carry too much memory along, or where it repeats entries of its memory.
    """
    import torch

    plain = tensor.detach()
    if plain.layout != torch.strided:
        return plain.clone()
    return plain if plain.nbytes <= plain.untyped_storage().nbytes() <= _SHARED else plain.clone()


def _claims(tensor: Any) -> bool:
    """Whether a tensor is larger than its memory: judging it could take all memory there is."""
    import torch

    if tensor.layout != torch.strided:
        return tensor.numel() * tensor.element_size() > LARGEST
    return tensor.nbytes > tensor.untyped_storage().nbytes()


def _apart(data: Any) -> Any:
    """The encoded value with a memory of its own for each tensor."""
    import torch

    if isinstance(data, list):
        return [_apart(item) for item in data]
    return data.clone() if isinstance(data, torch.Tensor) else data


def decode(data: list) -> Any:
    """The value behind `encode`'s list.

    Raises:
        ValueError: it is no such list (a student's code may have written it).
    """
    return _Decoder().decode(data)


class _Decoder:
    """Builds one value; a list that stands in two places would be built again in each.

    Lists of which each holds the next one twice would make 2**n values of n lists.
    """

    def __init__(self) -> None:
        self._seen: set[int] = set()

    def decode(self, data: list) -> Any:
        import torch

        if id(data) in self._seen:
            raise ValueError("one list in two places")
        self._seen.add(id(data))
        match data:
            case ["plain", None | bool() | int() | float() | str() as value]:
                return value
            case ["list" | "tuple" as tag, list(items)]:
                values = [self.decode(item) for item in items]
                return values if tag == "list" else tuple(values)
            case ["dict" | "ordered" as tag, list(items)]:
                pairs = [(self.decode(key), self.decode(item)) for key, item in items]
                return dict(pairs) if tag == "dict" else OrderedDict(pairs)
            case ["tensor" | "parameter" | "array", torch.Tensor() as value, _] if _claims(value):
                raise ValueError("a tensor of more entries than it brings along")
            case ["tensor" | "parameter" as tag, torch.Tensor() as value, bool(gradient)]:
                if tag == "parameter":
                    return torch.nn.Parameter(value, requires_grad=gradient)
                return value.requires_grad_() if gradient else value
            case ["array", torch.Tensor() as value, bool(whole)]:
                return value.numpy() if whole else value.numpy()[()]
            case ["model", str(kind), [list(named), list(buffers)], list(tensors), *state]:
                values = [self.decode(tensor) for tensor in tensors]
                parts = [{str(n): values[i] for n, i in part} for part in (named, buffers)]
                state, marks = (self.decode(part) for part in state)
                return ModelData(kind, *parts, state, marks)
            case ["object", str(kind), list(state)]:
                return _object(kind, self.decode(state))
            case ["other", str(kind)] if _KIND.fullmatch(kind):
                return Other(kind)
        raise ValueError("no data")


def dumps(value: Any) -> bytes:
    """The encoded value as bytes.

    Raises:
        ValueError: it takes more than LARGEST bytes.
    """
    data = encode(value)
    content = pack(data)
    return _archived(data) if content is None else content


def _archived(data: list) -> bytes:
    """The encoded value as an archive of `torch.save`.

    Raises:
        ValueError: it takes more than LARGEST bytes, or is made of too many single values.
    """
    import torch

    buffer = io.BytesIO()
    try:
        torch.save(data, buffer)
    except RuntimeError:  # one memory seen as two dtypes is more than it can write
        buffer = io.BytesIO()
        torch.save(_apart(data), buffer)
    if buffer.tell() > LARGEST:
        raise ValueError(f"the result takes more than {LARGEST // 2**20} MB")
    content = buffer.getvalue()
    _check_archive(content)
    return content


def _check_archive(content: bytes) -> None:
    """Raise ValueError for an archive that could take much more memory than it has bytes.

    torch.save stores each thing once, as it is: neither deflated nor at the place of another.
    """
    left = len(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        # Loops, no sum() and any(): a submission may have patched those in its process.
        for entry in archive.infolist():
            left -= entry.file_size
            if entry.compress_type != zipfile.ZIP_STORED:
                raise ValueError("compressed")
            if entry.file_size > _STRUCTURE and entry.filename.endswith("data.pkl"):
                raise ValueError("the result is made of too many single values: use tensors")
    if left < 0:
        raise ValueError("one entry at the place of another")


def _read_again(content: bytes) -> io.BytesIO:
    """The archive, written anew from what was checked: other readers may find other entries in it.

    Raises:
        ValueError: its structure names anything but what makes tensors.
    """
    result, names = io.BytesIO(), set()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(result, "w") as new:
        for entry in old.infolist():
            data = old.read(entry)
            if entry.filename in names:
                raise ValueError("two entries of one name")
            names.add(entry.filename)
            if entry.filename.endswith(".pkl"):
                for step, argument, _ in pickletools.genops(data):
                    if "GLOBAL" in step.name and not _BUILDERS.fullmatch(str(argument)):
                        raise ValueError(f"{argument} makes no tensor")
            new.writestr(entry.filename, data)
    result.seek(0)
    return result


def loads(content: bytes) -> Any:
    """The value in bytes of `dumps`; nothing in them is run.

    Raises:
        ValueError: they hold anything but data.
    """
    import torch

    try:
        if content.startswith(MARK):
            return decode(unpack(content))
        _check_archive(content)
        return decode(torch.load(_read_again(content), weights_only=True))
    except Exception as error:  # what can be wrong with bytes of unknown origin has no end
        raise ValueError("what came back is no data") from error


def _object(kind: str, state: Any) -> Any:
    """An instance of a class of `labkit.checks.lent` that holds `state`; none of its code runs."""
    module, _, name = kind.rpartition(".")
    found = getattr(sys.modules.get(module), name, None)
    if not module.startswith(_LENT) or not isinstance(found, type):
        return Other(kind)
    result = object.__new__(found)
    result.__dict__.update(state)
    return result
