"""Tensors in one safetensors file, those with many zeros as kept entries; FORMAT.md has the layout.

Sparse tensors are stored in chunks that several threads pack and unpack; dense ones are stored as
they are and mapped into memory when read.  Everything is under a checksum (CRC-32 of zlib: any
change of up to 32 bits in a row is found; it is no protection against a forger).
"""

from __future__ import annotations

import json
import mmap
import struct
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from labkit.errors import InputError, SourceError
from labkit.files import replacing
from labkit.packing import CHUNK, chunk_bytes, compiled_scatter, decode_chunk, encode_chunk

if TYPE_CHECKING:
    import torch

FORMAT, VERSION = "labkit-sparse", 1

_SPAN = 1 << 22  # bytes of a dense tensor under one checksum
_LARGE = 1 << 22  # sparse entries in a file from which loading numba pays
_LONG = 10**14  # stands for an offset that is not known yet: has more digits than any
_LONGEST = 100_000_000  # bytes of a header, as the safetensors library has it
_DTYPES = {
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

        return getattr(torch, _DTYPES[self.dtype])

    def starts(self) -> range:
        """Where the parts of the flat tensor begin: chunks if sparse, else spans of a checksum."""
        step = CHUNK if self.sparse else _SPAN // self.torch_dtype.itemsize
        return range(0, max(prod(self.shape), 1), step)


def write(
    tensors: Mapping[str, torch.Tensor],
    tied: Mapping[str, str],
    text: Mapping[str, str],
    path: Path,
) -> None:
    """Write `tensors` to `path`, whole or not at all.

    Args:
        tensors: by name, dense, of any real dtype, on any device.
        tied: other name of a tensor → its name in `tensors`.
        text: more entries for the file's metadata.
        path: of the file; what was there is replaced.

    Raises:
        InputError: a tensor that the file has no form for (named).
        SourceError: `path` cannot be written.
    """
    entries = {name: _entry(name, tensor) for name, tensor in tensors.items()}
    # Wide dtypes first keep each dense tensor aligned; chunks end anywhere, so they come last.
    order = sorted(entries, key=lambda n: (entries[n].sparse, -tensors[n].itemsize))
    entries = {name: entries[name] for name in order}
    text = {"tied": json.dumps(tied), **text}
    room = len(_header(entries, text))  # the numbers in it are still the longest
    with replacing(path) as temporary, temporary.open("wb") as file, threads() as pool:
        file.seek(room)
        parts = (
            (entries[name], part) for name in order for part in _parts(entries[name], tensors[name])
        )
        stored = _ahead(pool, _pack, parts)
        for entry in entries.values():
            entry.begin = file.tell() - room
            for number, (data, checksum) in enumerate(islice(stored, len(entry.starts()))):
                file.write(data)
                if not entry.sparse:
                    entry.checksums[number] = checksum
            entry.end = file.tell() - room
        file.seek(0)
        file.write(_header(entries, text, room))


def _entry(name: str, tensor: torch.Tensor) -> Entry:
    """The entry of a tensor that is not written yet: sparse if a bit mask alone makes it pay."""
    import torch

    names = {getattr(torch, full): short for short, full in _DTYPES.items()}
    if tensor.is_meta or tensor.layout != torch.strided or tensor.dtype not in names:
        raise InputError(
            f"{name} is a {tensor.layout} tensor of {tensor.dtype} on {tensor.device}, which the "
            "file has no form for: it takes dense tensors of real dtypes that hold values"
        )
    count, size = tensor.numel(), tensor.itemsize
    kept = int(np.count_nonzero(bits_of(tensor)))
    sparse = count / 8 + kept * size + 4 * (5 + size) * (1 + count // CHUNK) < count * size
    entry = Entry(names[tensor.dtype], list(tensor.shape), sparse, [])
    if not sparse:
        entry.checksums = [0] * len(entry.starts())
    return entry


def bits_of(tensor: torch.Tensor) -> np.ndarray:
    """The bit patterns of a tensor as unsigned integers, flat; a view of its memory if possible."""
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().view(f"<u{tensor.itemsize}")


def _parts(entry: Entry, tensor: torch.Tensor) -> Iterator[np.ndarray]:
    bits, starts = bits_of(tensor), entry.starts()
    for start in starts:
        yield bits[start : start + starts.step]


def _pack(entry: Entry, bits: np.ndarray) -> tuple[bytes | np.ndarray, int]:
    """Bytes to write, and their checksum if they carry none."""
    return (encode_chunk(bits), 0) if entry.sparse else (bits, zlib.crc32(bits))


def _ahead(pool: ThreadPoolExecutor, work: Callable, items: Iterable[tuple]) -> Iterator[Any]:
    """Results of `work` in the order of `items`, of which only a few are in memory at a time."""
    running = deque()
    for item in items:
        running.append(pool.submit(work, *item))
        if len(running) > 8:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


def _header(entries: Mapping[str, Entry], text: Mapping[str, str], room: int = 0) -> bytes:
    """The file up to its data; filled up with blanks to `room` bytes, a multiple of 8."""
    sparse = {name: [e.dtype, e.shape] for name, e in entries.items() if e.sparse}
    checksums = {
        name: "".join(f"{checksum:08x}" for checksum in e.checksums)
        for name, e in entries.items()
        if not e.sparse
    }
    about = {"format": FORMAT, "version": str(VERSION), "crc32": "0" * 8, **text}
    about |= {"sparse": json.dumps(sparse), "checksums": json.dumps(checksums)}
    table: dict[str, Any] = {"__metadata__": about}
    for name, e in entries.items():
        dtype, shape = ("U8", [e.end - e.begin]) if e.sparse else (e.dtype, e.shape)
        table[name] = {"dtype": dtype, "shape": shape, "data_offsets": [e.begin, e.end]}
    data = json.dumps(table, separators=(",", ":")).encode()
    data = data.ljust(room - 8 if room else len(data) + -len(data) % 8)
    data = data.replace(b"0" * 8, b"%08x" % zlib.crc32(data), 1)
    return struct.pack("<Q", len(data)) + data


@dataclass(frozen=True)
class Stored:
    """An open file: its tensors by name, other names of tied ones, its metadata and its bytes."""

    path: Path
    entries: dict[str, Entry]
    tied: dict[str, str]
    text: dict[str, str]
    data: np.ndarray

    @classmethod
    def open(cls, path: Path | str) -> Stored:
        """Read and check the header of the file at `path`.

        Raises:
            InputError: a safetensors file of another kind, or of a newer version.
            SourceError: missing, cut off, altered, or another kind of file.
        """
        path = Path(path)
        try:
            with path.open("rb") as file:
                # An empty file cannot be mapped; private pages let the tensors be changed.
                mapped = (
                    mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) if file.read(1) else b""
                )
        except OSError as error:
            raise SourceError(f"cannot read {path}: {error.strerror or error}") from error
        data = np.frombuffer(mapped, dtype=np.uint8)
        length = int.from_bytes(data[:8].tobytes(), "little")
        try:
            if not 2 <= length <= min(len(data) - 8, _LONGEST):
                raise ValueError("there is no header of that length")
            header = data[8 : 8 + length].tobytes()
            table = json.loads(header)
            text = table.pop("__metadata__", {})
            if text.get("format") != FORMAT:
                raise InputError(
                    f"{path} was not written by save_sparse: load an ordinary safetensors file "
                    "with from_pretrained or safetensors.torch.load_file"
                )
            checksum = text["crc32"].encode()
            if checksum != b"%08x" % zlib.crc32(header.replace(checksum, b"0" * 8, 1)):
                raise ValueError("the checksum of the header is not that of its bytes")
            if int(text["version"]) > VERSION:
                raise InputError(
                    f"{path} has version {text['version']} of its format, this labkit reads up "
                    f"to {VERSION}: update labkit"
                )
            entries = _entries(table, text, len(data) - 8 - length)
            return cls(path, entries, json.loads(text["tied"]), text, data[8 + length :])
        except (AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
            if isinstance(error, InputError):
                raise
            raise _damaged(path, error) from error

    def tensors(self, pool: ThreadPoolExecutor) -> tuple[dict[str, torch.Tensor], Callable]:
        """The state dict, and a function that waits until `pool` has filled and checked it.

        That function raises `SourceError` if the bytes are not what was written.
        """
        import torch

        state, running = {}, []
        try:
            sparse = {name: e for name, e in self.entries.items() if e.sparse}
            chunks = {n: _chunks(self.data[e.begin : e.end], e) for n, e in sparse.items()}
            zeros = _zeros(sparse)
            large = sum(map(len, zeros.values())) >= _LARGE
            for name, entry in self.entries.items():
                size = entry.torch_dtype.itemsize
                part = self.data[entry.begin : entry.end]
                if entry.sparse:
                    flat = zeros[name]
                    scatter = compiled_scatter(flat.dtype) if large else None
                    for start, chunk in zip(entry.starts(), chunks[name], strict=True):
                        out = flat[start : start + CHUNK]
                        running.append(pool.submit(decode_chunk, chunk, out, scatter))
                else:
                    flat = part if part.ctypes.data % size == 0 else part.copy()
                    for start, checksum in zip(entry.starts(), entry.checksums, strict=True):
                        span = flat[start * size : start * size + _SPAN]
                        running.append(pool.submit(_verify, span, checksum))
                if flat.size:
                    tensor = torch.from_numpy(flat.view(np.uint8)).view(entry.torch_dtype)
                else:  # has no memory to be a view of
                    tensor = torch.empty(0, dtype=entry.torch_dtype)
                state[name] = tensor.reshape(entry.shape)
            for alias, name in self.tied.items():
                state[alias] = state[name]
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(self.path, error) from error

        def finish() -> None:
            try:
                for job in running:
                    job.result()
            except ValueError as error:
                raise _damaged(self.path, error) from error

        return state, finish


def threads() -> ThreadPoolExecutor:
    """As many threads as torch computes with."""
    import torch

    return ThreadPoolExecutor(torch.get_num_threads(), thread_name_prefix="labkit")


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


def _zeros(entries: Mapping[str, Entry]) -> dict[str, np.ndarray]:
    """Flat zeros for each tensor, in one piece: the system gives it large pages, in a tenth of the
    time that small ones take.
    """
    counts = {name: prod(entry.shape) for name, entry in entries.items()}
    sizes = {name: entry.torch_dtype.itemsize for name, entry in entries.items()}
    lengths = {name: -(-counts[name] * sizes[name] // 64) * 64 for name in entries}
    memory = np.zeros(sum(lengths.values()) + 64, dtype=np.uint8)
    at, flat = -memory.ctypes.data % 64, {}
    for name, length in lengths.items():
        flat[name] = memory[at : at + counts[name] * sizes[name]].view(f"<u{sizes[name]}")
        at += length
    return flat


def _chunks(data: np.ndarray, entry: Entry) -> list[np.ndarray]:
    """The chunks of a sparse tensor, as many as its shape has."""
    found, at = [], 0
    for _ in entry.starts():
        length = chunk_bytes(data[at:], entry.torch_dtype.itemsize)
        found.append(data[at : at + length])
        at += length
    if at != len(data):
        raise ValueError("a tensor has more chunks than its shape")
    return found


def _verify(span: np.ndarray, checksum: int) -> None:
    if zlib.crc32(span) != checksum:
        raise ValueError("the checksum of a dense tensor is not that of its bytes")


def _damaged(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path} is cut off, altered, or no sparse model file ({error}): copy it again from where "
        "it came from, or write it again with save_sparse"
    )
