"""The header of a sparse file: what tensors it holds and where; FORMAT.md has the layout."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from labkit.storage.chunks import CHUNK, checksum

if TYPE_CHECKING:
    import numpy as np
    import torch

FORMAT, VERSION = "labkit-sparse", 1
SPAN = 1 << 22
"""Bytes of a dense tensor under one checksum."""
DTYPES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "float8_e4m3fn",
    "F8_E5M2": "float8_e5m2",
    "I64": "int64",
    "I32": "int32",
    "I16": "int16",
    "I8": "int8",
    "U64": "uint64",
    "U32": "uint32",
    "U16": "uint16",
    "U8": "uint8",
    "BOOL": "bool",
}
"""safetensors' name of a dtype → torch's."""

_LONG = 10**14  # stands for an offset that is not known yet: has more digits than any
_LONGEST = 100_000_000  # bytes of a header, as the safetensors library has it


class ForeignError(ValueError):
    """A safetensors file of another kind, or of a newer version."""


@dataclass
class Entry:
    """A tensor of the file: safetensors' name of its dtype, its bytes' place in the data.

    `checksums` has one of each span of a dense tensor; chunks carry their own.
    """

    dtype: str
    shape: list[int]
    sparse: bool
    checksums: list[int]
    begin: int = _LONG
    end: int = 2 * _LONG

    @property
    def torch_dtype(self) -> torch.dtype:
        """The dtype of the tensor."""
        import torch

        return getattr(torch, DTYPES[self.dtype])

    @property
    def parts(self) -> int:
        """Number of its parts: chunks if sparse, else spans of a checksum."""
        step = CHUNK if self.sparse else SPAN // self.torch_dtype.itemsize
        return max(1, -(-prod(self.shape) // step))


def write_header(entries: Mapping[str, Entry], text: Mapping[str, str], room: int = 0) -> bytes:
    """The file up to its data; filled up with blanks to `room` bytes, a multiple of 8."""
    sparse = {name: [e.dtype, e.shape] for name, e in entries.items() if e.sparse}
    checksums = {
        name: "".join(f"{number:08x}" for number in e.checksums)
        for name, e in entries.items()
        if not e.sparse
    }
    about = {"format": FORMAT, "version": str(VERSION), "xxh3": "0" * 8, **text}
    about |= {"sparse": json.dumps(sparse), "checksums": json.dumps(checksums)}
    table: dict[str, Any] = {"__metadata__": about}
    for name, e in entries.items():
        dtype, shape = ("U8", [e.end - e.begin]) if e.sparse else (e.dtype, e.shape)
        table[name] = {"dtype": dtype, "shape": shape, "data_offsets": [e.begin, e.end]}
    data = json.dumps(table, separators=(",", ":")).encode()
    data = data.ljust(room - 8 if room else len(data) + -len(data) % 8)
    data = data.replace(b"0" * 8, b"%08x" % checksum(data), 1)
    return struct.pack("<Q", len(data)) + data


def read_header(data: np.ndarray) -> tuple[dict[str, Entry], dict[str, str], int]:
    """Entries, metadata, and where the data begins, of a file's bytes (uint8).

    Raises:
        ForeignError: a safetensors file of another kind, or of a newer version.
        ValueError: no header, or one that was changed or does not fit the file.
    """
    begin = 8 + int.from_bytes(data[:8].tobytes(), "little")
    if not 10 <= begin <= min(len(data), _LONGEST):
        raise ValueError("there is no header of that length")
    header = data[8:begin].tobytes()
    try:
        table = json.loads(header)
        text = table.pop("__metadata__", {})
        if text.get("format") != FORMAT:
            raise ForeignError(
                "was not written by save_sparse: load an ordinary safetensors file with "
                "from_pretrained or safetensors.torch.load_file"
            )
        digits = text["xxh3"].encode()
        if digits != b"%08x" % checksum(header.replace(digits, b"0" * 8, 1)):
            raise ValueError("the checksum of the header is not that of its bytes")
        if int(text["version"]) > VERSION:
            raise ForeignError(
                f"has version {text['version']} of its format, this labkit reads up to {VERSION}: "
                "update labkit"
            )
        return _entries(table, text, len(data) - begin), text, begin
    except (AttributeError, KeyError, TypeError, RecursionError) as error:
        raise ValueError(f"its header lacks or mistakes {error}") from error


def _entries(table: dict, text: dict, total: int) -> dict[str, Entry]:
    """The entries of a header, whose tensors must fill `total` bytes of data without a gap."""
    sparse, checksums = json.loads(text["sparse"]), json.loads(text["checksums"])
    entries, at = {}, 0
    for name, item in sorted(table.items(), key=lambda pair: pair[1]["data_offsets"]):
        begin, end = item["data_offsets"]
        dtype, shape = sparse.get(name, (item["dtype"], item["shape"]))
        found = checksums.get(name, "")
        values = [int(found[i : i + 8], 16) for i in range(0, len(found), 8)]
        entry = entries[name] = Entry(dtype, shape, name in sparse, values, begin, end)
        if begin != at or end < begin or min(shape, default=0) < 0:
            raise ValueError(f"{name} is not where it should be")
        if not entry.sparse and prod(shape) * entry.torch_dtype.itemsize != end - begin:
            raise ValueError(f"{name} has not as many bytes as its shape")
        at = end
    if at != total:
        raise ValueError(f"it has {total} bytes of data where its header says {at}")
    return entries
