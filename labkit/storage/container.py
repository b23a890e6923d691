"""Tensors in one safetensors file, those with many zeros as kept entries; FORMAT.md has the layout.

Sparse tensors are stored in chunks that several threads pack and unpack; dense ones are stored as
they are and mapped into memory when read.  Everything is under a checksum (`packing.checksum`).
"""

from __future__ import annotations

import json
import mmap
import sys
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
from labkit.storage.chunks import (
    CHUNK,
    checksum,
    chunk_bytes,
    compiled_scatter,
    decode_chunk,
    encode_chunk,
)
from labkit.storage.header import DTYPES, SPAN, Entry, ForeignError, read_header, write_header

if TYPE_CHECKING:
    import torch

_SMALL = 1 << 16  # bytes of a tensor, below which it is no matrix that sparse layers replace
_PIECE = 1 << 25  # bytes that are taken from the system at once
_LARGE = 1 << 22  # sparse entries in a file from which compiled code pays, if numba is loaded


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
    room = len(write_header(entries, text))  # the numbers in it are still the longest
    with replacing(path) as temporary, temporary.open("wb") as file, threads() as pool:
        file.seek(room)
        stored = _ahead(pool, _pack, _parts(entries, tensors))
        for entry in entries.values():
            entry.begin = file.tell() - room
            for number, (data, found) in enumerate(islice(stored, entry.parts)):
                file.write(data)
                if not entry.sparse:
                    entry.checksums[number] = found
            entry.end = file.tell() - room
        file.seek(0)
        file.write(write_header(entries, text, room))


def _entry(name: str, tensor: torch.Tensor) -> Entry:
    """The entry of a tensor that is not written yet: sparse if a bit mask alone makes it pay."""
    import torch

    names = {getattr(torch, full): short for short, full in DTYPES.items()}
    if tensor.is_meta or tensor.layout != torch.strided or tensor.dtype not in names:
        raise InputError(
            f"{name} is a {tensor.layout} tensor of {tensor.dtype} on {tensor.device}, which the "
            "file has no form for: it takes dense tensors (to_dense()) of real dtypes, with values"
        )
    count, size = tensor.numel(), tensor.itemsize
    kept = int(np.count_nonzero(_bits(tensor)))
    sparse = count / 8 + kept * size + 4 * (5 + size) * (1 + count // CHUNK) < count * size
    entry = Entry(names[tensor.dtype], list(tensor.shape), sparse, [])
    if not sparse:
        entry.checksums = [0] * entry.parts
    return entry


def _bits(tensor: torch.Tensor) -> np.ndarray:
    """The bit patterns of a tensor as unsigned integers, flat; a view of its memory if possible."""
    import torch

    flat = tensor.detach().cpu().contiguous().reshape(-1)
    return flat.view(torch.uint8).numpy().view(f"<u{tensor.itemsize}")


def _parts(
    entries: Mapping[str, Entry], tensors: Mapping[str, torch.Tensor]
) -> Iterator[tuple[bool, np.ndarray]]:
    """For each part of each tensor, in the order of the file: whether it is sparse, its bits."""
    for name, entry in entries.items():
        bits = _bits(tensors[name])
        for part in _cut(bits, CHUNK if entry.sparse else SPAN // bits.itemsize):
            yield entry.sparse, part


def _pack(sparse: bool, bits: np.ndarray) -> tuple[bytes | np.ndarray, int]:
    """Bytes to write, and their checksum if they carry none."""
    return (encode_chunk(bits), 0) if sparse else (bits, checksum(bits))


def _ahead(pool: ThreadPoolExecutor, work: Callable, items: Iterable[tuple]) -> Iterator[Any]:
    """Results of `work` in the order of `items`, of which only a few are in memory at a time."""
    running = deque()
    for item in items:
        running.append(pool.submit(work, *item))
        if len(running) > 8:
            yield running.popleft().result()
    while running:
        yield running.popleft().result()


@dataclass(frozen=True)
class Stored:
    """An open file: its tensors by name, other names of tied ones, its metadata and its bytes."""

    path: Path
    entries: dict[str, Entry]
    tied: dict[str, str]
    text: dict[str, str]
    data: np.ndarray
    mapped: mmap.mmap | bytes = b""

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
        try:
            entries, text, begin = read_header(data)
            return cls(path, entries, json.loads(text["tied"]), text, data[begin:], mapped)
        except ForeignError as error:
            raise InputError(f"{path} {error}") from error
        except (KeyError, ValueError) as error:
            raise _damaged(path, error) from error

    def tensors(self, pool: ThreadPoolExecutor) -> tuple[dict[str, torch.Tensor], Callable]:
        """The state dict, and a function that waits until `pool` has filled and checked it.

        Both raise `SourceError` if the bytes are not what was written; sizes are checked against
        the file before memory is taken.
        """
        try:
            running = []
            for entry in self.entries.values():
                if not entry.sparse:
                    spans = _cut(self._bytes(entry), SPAN)
                    for span, expected in zip(spans, entry.checksums, strict=True):
                        running.append(pool.submit(_verify, span, expected))
            sparse = {name: entry for name, entry in self.entries.items() if entry.sparse}
            chunks = {name: _chunks(self._bytes(entry), entry) for name, entry in sparse.items()}
            zeros = _zeros(sparse)
            large = "numba" in sys.modules and sum(map(len, zeros.values())) >= _LARGE
            for name, flat in zeros.items():
                scatter = compiled_scatter(flat.dtype) if large else None
                for chunk, out in zip(chunks[name], _cut(flat, CHUNK), strict=True):
                    running.append(pool.submit(decode_chunk, chunk, out, scatter))
            state = {
                name: _tensor(entry, zeros[name] if entry.sparse else self._bytes(entry))
                for name, entry in self.entries.items()
            }
            state |= {alias: state[name] for alias, name in self.tied.items()}
        except (KeyError, TypeError, ValueError) as error:
            raise _damaged(self.path, error) from error

        def finish() -> None:
            try:
                for job in running:
                    job.result()
            except ValueError as error:
                raise _damaged(self.path, error) from error
            # What was read to check and unpack it need not stay in memory: rows of an embedding
            # that are looked up are read again, packed matrices are not.
            if isinstance(self.mapped, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
                self.mapped.madvise(mmap.MADV_DONTNEED)

        return state, finish

    def _bytes(self, entry: Entry) -> np.ndarray:
        """The bytes of a tensor as they are in the file."""
        return self.data[entry.begin : entry.end]


def threads() -> ThreadPoolExecutor:
    """As many threads as torch computes with."""
    import torch

    return ThreadPoolExecutor(torch.get_num_threads(), thread_name_prefix="labkit")


def _zeros(entries: Mapping[str, Entry]) -> dict[str, np.ndarray]:
    """Flat zeros for each tensor, aligned to 64 bytes.

    Tensors share pieces of memory of some size, for which the system has large pages: taking many
    small ones costs more time than all the rest of unpacking.  A piece stays as long as one of its
    tensors, so small ones, such as biases of zeros, have pieces of their own: else one bias would
    hold the matrices that `sparse_linear` has replaced.
    """
    flat: dict[str, np.ndarray] = {}
    for small in (True, False):
        group, size = [], 0
        for name, entry in entries.items():
            length = prod(entry.shape) * entry.torch_dtype.itemsize
            if (length < _SMALL) != small:
                continue
            group.append((name, length))
            size += length
            if size >= _PIECE:
                flat |= _piece(entries, group)
                group, size = [], 0
        flat |= _piece(entries, group)
    return flat


def _piece(entries: Mapping[str, Entry], group: list[tuple[str, int]]) -> dict[str, np.ndarray]:
    """The flat zeros of these tensors (name, bytes) in one piece of memory."""
    lengths = [-(-length // 64) * 64 for _, length in group]
    memory = np.zeros(sum(lengths) + 64, dtype=np.uint8)
    at, flat = -memory.ctypes.data % 64, {}
    for (name, length), step in zip(group, lengths, strict=True):
        flat[name] = memory[at : at + length].view(f"<u{entries[name].torch_dtype.itemsize}")
        at += step
    return flat


def _cut(flat: np.ndarray, step: int) -> list[np.ndarray]:
    """Parts of `step` entries, the last one shorter; one part at least."""
    return [flat[start : start + step] for start in range(0, max(len(flat), 1), step)]


def _chunks(data: np.ndarray, entry: Entry) -> list[np.ndarray]:
    """The chunks of a sparse tensor, as many as its shape has."""
    found = []
    for _ in range(entry.parts):
        found.append(data[: chunk_bytes(data, entry.torch_dtype.itemsize)])
        data = data[len(found[-1]) :]
    if len(data):
        raise ValueError("a tensor has more chunks than its shape")
    return found


def _tensor(entry: Entry, flat: np.ndarray) -> torch.Tensor:
    """A view of the memory of `flat`; a copy where it is not aligned as its dtype needs."""
    import torch

    if not flat.size:
        return torch.empty(entry.shape, dtype=entry.torch_dtype)
    if flat.ctypes.data % entry.torch_dtype.itemsize:
        flat = flat.copy()
    return torch.from_numpy(flat.view(np.uint8)).view(entry.torch_dtype).reshape(entry.shape)


def _verify(span: np.ndarray, expected: int) -> None:
    if checksum(span) != expected:
        raise ValueError("the checksum of a dense tensor is not that of its bytes")


def _damaged(path: Path, error: Exception) -> SourceError:
    return SourceError(
        f"{path} is cut off, altered, or no sparse model file ({error}): copy it again from where "
        "it came from, or write it again with save_sparse"
    )
