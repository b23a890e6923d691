"""The kept entries of a chunk of weights as bytes, and back; FORMAT.md states the layout.

An entry is kept unless all of its bits are zero, so that -0.0 and the payload of a NaN survive.
The mask is stored as the gaps between kept entries in Rice's code (Golomb 1966, Rice 1979), which
for a random mask takes a few percent more than its entropy; with parameter 0 that code *is* the
bit mask.  Values are stored by byte planes, since the planes that hold the exponents of trained
weights compress while the others are noise.  Each part is compressed by zstandard where that pays.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from functools import cache
from itertools import pairwise

import numpy as np

CHUNK = 1 << 20
"""Entries of a chunk (the last one of a tensor may be shorter); chunks can be read in any order."""

Scatter = Callable[[np.ndarray, np.ndarray, tuple[np.ndarray, ...], np.ndarray], bool]
"""(bytes in unary, rows of low bits, planes of values, out) → whether the code errs."""


def checksum(data: bytes | np.ndarray) -> int:
    """The lower 32 bits of XXH3 (64 bits) of some bytes.

    Twenty times as fast as the CRC-32 of zlib, with which checking takes longer than unpacking.  It
    is no protection against a forger.
    """
    import xxhash

    return xxhash.xxh3_64_intdigest(data) & 0xFFFFFFFF


def encode_chunk(bits: np.ndarray) -> bytes:
    """Pack the bit patterns of at most `CHUNK` entries: one axis of uint8, 16, 32 or 64."""
    positions = np.flatnonzero(bits != 0)
    unary, low, k = _rice(np.diff(positions, prepend=-1) - 1)
    planes = bits[positions].view(np.uint8).reshape(len(positions), bits.itemsize).T
    parts = [_shorter(unary + low), *(_shorter(plane.tobytes()) for plane in planes)]
    words = (len(positions), len(unary), k, *map(len, parts))
    body = b"".join([struct.pack(f"<{len(words)}I", *words), *parts])
    return struct.pack("<I", checksum(body)) + body


def chunk_bytes(data: np.ndarray, itemsize: int) -> int:
    """Length in bytes of the chunk at the start of `data` (uint8), which holds at least that much.

    Raises:
        ValueError: `data` is too short.
    """
    head = data[: 4 * (5 + itemsize)]
    if len(head) == 4 * (5 + itemsize):
        length = len(head) + sum(head[16:].view("<u4").tolist())
        if length <= len(data):
            return length
    raise ValueError("a chunk is cut off")


def decode_chunk(data: np.ndarray, out: np.ndarray, scatter: Scatter | None = None) -> None:
    """Unpack the chunk `data` (uint8) into `out`, zeros of the dtype that was packed.

    `scatter` puts the values in their places: numpy's way, or what `compiled_scatter` gives.

    Raises:
        ValueError: the bytes are not what was written; `out` may be filled in part.
    """
    if checksum(data[4:]) != int.from_bytes(data[:4].tobytes(), "little"):
        raise ValueError("the checksum of a chunk is not that of its bytes")
    size = out.itemsize
    kept, ones, k, *lengths = struct.unpack_from(f"<{4 + size}I", data, 4)
    stride = -(-kept // 8)
    if kept > len(out) or ones > -(-len(out) // 8) or k > 20:
        raise ValueError("a chunk holds more than the tensor")
    ends = 4 * (5 + size) + np.cumsum([0, *lengths])
    parts = [data[a:b] for a, b in pairwise(ends)]
    mask = _restored(parts[0], ones + k * stride)
    planes = tuple(_restored(part, kept) for part in parts[1:])
    if (scatter or _scatter)(mask[:ones], mask[ones:].reshape(k, stride), planes, out):
        raise ValueError("the mask of a chunk is not one of this tensor")


def _rice(gaps: np.ndarray) -> tuple[bytes, bytes, int]:
    """Gaps (≥ 0) in Rice's code: (quotients in unary, planes of the low bits, parameter k).

    A quotient q is q bits 0 and a bit 1; plane j holds bit j of each gap.  Bits fill each byte
    from its lowest.
    """
    # The best parameter for geometric gaps lies beside this one (Kiely 2004); try the neighbours.
    middle = int(np.log2(max(1.0, gaps.mean() * np.log(2)))) if len(gaps) else 0
    cost = {
        k: len(gaps) * k + int((gaps >> k).sum()) for k in range(max(0, middle - 1), middle + 2)
    }
    k = min(cost, key=cost.__getitem__)
    ends = np.cumsum((gaps >> k) + 1)
    unary = np.zeros(ends[-1] if len(ends) else 0, dtype=np.uint8)
    unary[ends - 1] = 1
    low = gaps >> np.arange(k)[:, None] & 1
    pack = {"axis": -1, "bitorder": "little"}
    return np.packbits(unary, **pack).tobytes(), np.packbits(low.astype(bool), **pack).tobytes(), k


def _shorter(part: bytes) -> bytes:
    """`part`, or one zstandard frame of it where that saves at least a sixteenth."""
    import pyarrow as pa

    packed = pa.compress(part, codec="zstd", asbytes=True)
    return packed if len(packed) < len(part) * 15 // 16 else part


def _restored(part: np.ndarray, length: int) -> np.ndarray:
    """What `_shorter` was given, which had `length` bytes."""
    if len(part) == length:
        return part
    import pyarrow as pa

    try:
        whole = pa.decompress(part, length, codec="zstd")
    except (OSError, ValueError) as error:
        raise ValueError("a part of a chunk cannot be decompressed") from error
    return np.frombuffer(whole, dtype=np.uint8)


def _scatter(
    unary: np.ndarray, low: np.ndarray, planes: tuple[np.ndarray, ...], out: np.ndarray
) -> bool:
    """Put the values in `planes` at the places of `out` that the code says; True where it errs.

    All but `out` are bytes: `low` has a row for each of the low bits of the gaps, `planes` an
    array for each byte of a value, the lowest first.
    """
    kept, k = len(planes[0]), len(low)
    ones = np.flatnonzero(np.unpackbits(unary, bitorder="little").view(bool))
    if len(ones) != kept:
        return True
    places = ones.astype(np.int32)
    if k:
        narrow = np.uint8 if k <= 8 else np.int32  # the fewer bytes, the faster
        gaps = np.zeros(kept, dtype=narrow)
        for j, plane in enumerate(low):
            bits = np.unpackbits(plane, count=kept, bitorder="little")
            gaps |= bits.astype(narrow) << narrow(j)
        # The i-th bit 1 has i others and the quotients up to its own before it.
        count = np.arange(kept, dtype=np.int32)
        places = (places - count << k) + count + np.cumsum(gaps, dtype=np.int32)
    if kept and (places.min() < 0 or places.max() >= len(out)):
        return True
    values = np.zeros(kept, dtype=out.dtype)
    for j, plane in enumerate(planes):
        values |= plane.astype(out.dtype) << out.dtype.type(8 * j)
    out[places] = values
    return False


@cache
def compiled_scatter(dtype: np.dtype) -> Scatter:
    """The same compiled by numba, twice as fast or more; numpy's where numba is missing or fails.

    Loading numba takes a third of a second, and the first compilation on a machine some seconds:
    more than numpy takes for 50 million kept entries.
    """
    try:
        from labkit.storage.chunk_loops import compiled

        return compiled(dtype)
    except Exception:
        return _scatter
