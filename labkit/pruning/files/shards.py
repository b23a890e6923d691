"""Passes over ranges of safetensors files: a range fits in memory however large its file is.

Each function here is a task of its own: it opens the file, works on one range, and depends on
nothing else, so that it may run in any thread, process or machine that sees the files, and run
again after a failure.  Pieces are read, not mapped: the pages of a mapping count as memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from labkit.errors import SourceError
from labkit.pruning import key_passes
from labkit.pruning.files.checkpoint import Checkpoint, Tensor
from labkit.pruning.thresholds import FORMATS, NARROW, Bracket, Cut, Tally

RANGE = 1 << 27  # bytes of one task, a tenth of a second's work; a multiple of every item's size
_PIECE = 1 << 21  # bytes in memory at once: they stay in the cache between reading and counting
RUN = 1 << 10  # neighbouring bytes taken together for a sample
RUNS = 1 << 13  # how many of them


class Range(NamedTuple):
    """Bytes of one file; `name` and `dtype` are those of the tensor they belong to."""

    file: Path
    start: int
    stop: int
    name: str = ""
    dtype: str = ""

    @property
    def bytes(self) -> int:
        """Length."""
        return self.stop - self.start


def split(tensors: Iterable[Tensor]) -> list[Range]:
    """Ranges of at most `RANGE` bytes that cover the tensors in order."""
    return [
        Range(tensor.file, start, min(start + RANGE, tensor.stop), tensor.name, tensor.dtype)
        for tensor in tensors
        for start in range(tensor.start, tensor.stop, RANGE)
    ]


def rest(checkpoint: Checkpoint, taken: Iterable[Tensor]) -> list[Range]:
    """Ranges of everything else in the checkpoint's weight files: headers and other tensors."""
    ranges = []
    for file in checkpoint.files:
        inside = sorted((t.start, t.stop) for t in taken if t.file == file)
        size = file.stat().st_size
        begins, ends = [0, *(stop for _, stop in inside)], [*(start for start, _ in inside), size]
        for begin, end in zip(begins, ends, strict=True):
            ranges += [
                Range(file, start, min(start + RANGE, end)) for start in range(begin, end, RANGE)
            ]
    return ranges


def common_format(dtypes: Iterable[str]) -> str:
    """The narrowest format that holds the numbers of all of them exactly."""
    names = {NARROW.get(dtype, dtype) for dtype in dtypes}
    if len(names) == 1:
        return names.pop()
    return "F64" if "F64" in names else "F32"


def sample(ranges: list[Range], form: str) -> np.ndarray:
    """Bit patterns from short runs at equal distances over all ranges."""
    distance = max(RUN, sum(r.bytes for r in ranges) // RUNS // 8 * 8)
    found = []
    for place in ranges:
        with _open(place) as file:
            for start in range(place.start, place.stop, distance):
                file.seek(start)
                piece = np.empty(min(RUN, place.stop - start), np.uint8)
                _fill(file, piece, place)
                found.append(_bits(piece, place.dtype, form))
    return np.concatenate(found)


def count(place: Range, form: str, brackets: list[Bracket]) -> Tally:
    """Count the keys of one range, in `form`, below and inside each bracket."""
    counter = key_passes.Counter(FORMATS[form], brackets)
    for piece in _pieces(place):
        counter.add(_bits(piece, place.dtype, form))
    return counter.tally()


def write(place: Range, form: str, cut: Cut, target: Path) -> int:
    """Write the range to the same bytes of `target`, without what `cut` drops; how many that is.

    A range that belongs to no tensor is copied.  The same call always writes the same bytes:
    running it twice does no harm.
    """
    dropped, ties = 0, cut.ties
    with target.open("r+b", buffering=0) as out:
        out.seek(place.start)
        for piece in _pieces(place):
            if place.dtype:
                less, equal = _prune(piece, place.dtype, form, Cut(cut.key, ties))
                dropped += less + equal
                ties -= equal
            view = memoryview(piece)
            while len(view):
                view = view[out.write(view) :]
    return dropped


def _prune(piece: np.ndarray, dtype: str, form: str, cut: Cut) -> tuple[int, int]:
    """Zero in place what `cut` drops; the numbers of keys below it, and of equal ones, that go."""
    own = piece if dtype in NARROW else piece.view(FORMATS[dtype].bits)
    bits = _bits(piece, dtype, form)
    flags = None if dtype == form else np.empty(len(bits), np.bool_)
    below, tied = key_passes.cut(bits, FORMATS[form], cut.key, flags)
    key_passes.drop_ties(bits, FORMATS[form], cut, bits if flags is None else flags)
    if flags is not None:
        own[~flags] = 0
    return below, min(tied, cut.ties)


def _open(place: Range) -> BinaryIO:
    try:
        return place.file.open("rb", buffering=0)
    except OSError as error:
        raise SourceError(
            f"cannot read {place.file}: {error.strerror or error}. Each worker must see the files "
            "under the same path."
        ) from error


def _pieces(place: Range) -> Iterator[np.ndarray]:
    """Yield the bytes of a range in order; the same memory each time."""
    memory = np.empty(min(_PIECE, place.bytes), np.uint8)
    with _open(place) as file:
        file.seek(place.start)
        for start in range(place.start, place.stop, _PIECE):
            piece = memory[: place.stop - start]
            _fill(file, piece, place)
            yield piece


def _fill(file: BinaryIO, piece: np.ndarray, place: Range) -> None:
    view = memoryview(piece)
    while len(view):
        try:
            got = file.readinto(view)  # type: ignore[attr-defined]
        except OSError as error:
            raise SourceError(f"cannot read {place.file}: {error.strerror or error}") from error
        if not got:
            raise SourceError(f"{place.file} ends before byte {place.stop}: fetch it again")
        view = view[got:]


def _bits(piece: np.ndarray, dtype: str, form: str) -> np.ndarray:
    """Bit patterns of the stored numbers in `form`; a view of them if that is their own format."""
    if dtype in NARROW:
        bits, dtype = _widened(dtype)[piece], NARROW[dtype]
    else:
        bits = piece.view(FORMATS[dtype].bits)
    if dtype == form:
        return bits
    if dtype == "BF16":
        numbers = (bits.astype(np.uint32) << 16).view(np.float32)
    else:
        numbers = bits.view({"F16": np.float16, "F32": np.float32}[dtype])
    wide = {"F32": np.float32, "F64": np.float64}[form]
    return numbers.astype(wide, copy=False).view(FORMATS[form].bits)


@cache
def _widened(dtype: str) -> np.ndarray:
    """The bit patterns in bfloat16 of the 256 codes of a format of eight bits.

    The formats are those of Micikevicius et al. (2022), "FP8 Formats for Deep Learning".
    """
    mantissa, bias = {"F8_E4M3": (3, 7), "F8_E5M2": (2, 15)}[dtype]
    codes = np.arange(256)
    exponent, fraction = (codes & 127) >> mantissa, codes & ((1 << mantissa) - 1)
    numbers = np.where(exponent > 0, 1 + fraction / 2**mantissa, fraction / 2**mantissa)
    numbers = numbers * 2.0 ** (np.maximum(exponent, 1) - bias)
    if dtype == "F8_E4M3":  # no infinity, and NaN in its largest code only
        numbers[codes & 127 == 127] = np.nan
    else:
        numbers[exponent == 31] = np.where(fraction[exponent == 31] == 0, np.inf, np.nan)
    numbers = np.copysign(numbers, np.where(codes < 128, 1.0, -1.0)).astype(np.float32)
    return (numbers.view(np.uint32) >> 16).astype(np.uint16)
