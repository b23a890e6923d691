"""Multiply activations by a sparse matrix: the compiled kernel, or torch's CSR where it fails."""

from __future__ import annotations

import functools
import importlib
import math
import warnings
from collections.abc import Sequence
from types import ModuleType
from typing import NamedTuple

import torch

from labkit.errors import InputError
from labkit.execution import machine_code
from labkit.execution.plain_tensors import address, whole
from labkit.execution.processor import long_vectors, second_level_cache
from labkit.execution.slices import NO_SLICES, TRIES, Slices, SliceStore, run_sliced, worth_while

FLOATS = {"dtype": torch.float32, "device": "cpu"}
"""Of tensors that compiled loops read and write, whatever torch's defaults are."""

LOOPS = "labkit.execution.panel_loops"
"""The module that is compiled."""

PANEL_BYTES = 1 << 19
"""A panel is held to the second-level cache that all common cores have."""

MANY = 32
"""Kept weights of a row that are worth a longer panel, and up to half of this core's cache."""

THREAD_WORK = 1 << 17
"""Multiplications and copies that are worth one more thread: some 20 microseconds of them."""


class Kept(NamedTuple):
    """The weights that pruning kept, in compressed sparse rows, one row for each output.

    `values` float32 and `columns` int32, one for each kept weight; `offsets` int32, where each
    row begins and the last one ends; `inputs` is the number of columns.  `store` keeps them in
    the order of slices too, for products of many tokens.
    """

    values: torch.Tensor
    columns: torch.Tensor
    offsets: torch.Tensor
    inputs: int
    store: SliceStore | None = None

    @property
    def outputs(self) -> int:
        """The number of rows."""
        return self.offsets.numel() - 1

    def fault(self, outputs: int) -> str:
        """What is wrong with rows from outside, or an empty string: indices are used unchecked."""
        values, columns, offsets, inputs, _ = self
        if columns.dtype != torch.int32 or offsets.dtype != torch.int32:
            return "are not int32"
        if offsets.shape != (outputs + 1,) or values.shape != columns.shape or values.ndim != 1:
            return f"have shapes that do not fit {outputs} × {inputs}"
        if offsets[0] != 0 or offsets[-1] != len(values) or (offsets.diff() < 0).any():
            return "do not count the kept weights"
        if len(columns) and (columns.min() < 0 or columns.max() >= inputs):
            return f"point outside {inputs} inputs"
        return ""

    def dense(self) -> torch.Tensor:
        """The matrix with its zeros, outputs × inputs."""
        rows = torch.arange(self.outputs, device="cpu").repeat_interleave(self.offsets.diff())
        matrix = torch.zeros(self.outputs, self.inputs, **FLOATS)
        matrix[rows, self.columns.long()] = self.values
        return matrix

    def csr(self) -> torch.Tensor:
        """The same as torch's CSR tensor, on the same memory."""
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sparse CSR tensor support")
            return torch.sparse_csr_tensor(
                self.offsets,
                self.columns,
                self.values,
                (self.outputs, self.inputs),
                check_invariants=False,
            )


def kept(weight: torch.Tensor) -> Kept:
    """Take the weights that are not zero out of a matrix (outputs × inputs, float32, on the CPU).

    Raises:
        InputError: 2^31 kept weights or more, which 32-bit offsets cannot count.
    """
    rows, columns = weight.nonzero(as_tuple=True)
    if rows.numel() >= 2**31:
        raise InputError(f"{rows.numel():,} kept weights in one layer: at most 2^31 - 1 can be run")
    offsets = torch.zeros(weight.shape[0] + 1, dtype=torch.int32, device="cpu")
    offsets[1:] = torch.bincount(rows, minlength=weight.shape[0]).cumsum(0)
    return Kept(weight[rows, columns], columns.int(), offsets, weight.shape[1])


def kernel_product(
    x: torch.Tensor,
    matrix: Kept,
    bias: torch.Tensor | None,
    activation: str = "",
    *,
    narrow: bool = False,
    dtype: torch.dtype = torch.float32,
) -> torch.Tensor:
    """`x @ matrix.T + bias` by the compiled kernel, on up to `torch.get_num_threads()` threads.

    Args:
        x: … × inputs, float32 or bfloat16.
        matrix: outputs × inputs.
        bias: outputs, or None.
        activation: what is computed on each result, one of `panel_loops.ACTIVATIONS`, or none.
        narrow: round activations to bfloat16 on the way into a panel; see `SparseLinear`.
        dtype: of the result, float32 or bfloat16.

    Returns:
        … × outputs.
    """
    return kernel_products(x, ((matrix, bias),), activation, narrow=narrow, dtype=dtype)[0]


def kernel_products(
    x: torch.Tensor,
    matrices: Sequence[tuple[Kept, torch.Tensor | None]],
    activation: str = "",
    *,
    narrow: bool = False,
    dtype: torch.dtype = torch.float32,
) -> list[torch.Tensor]:
    """`kernel_product` of the same x with several matrices and their biases, x read once."""
    x = whole(x)
    *lead, inputs = x.shape
    tokens = math.prod(lead)
    results = [
        torch.empty((*lead, matrix.outputs), dtype=dtype, device="cpu") for matrix, _ in matrices
    ]
    # The kernel reads one number after another.
    biases = [None if bias is None else bias.contiguous() for _, bias in matrices]
    outputs = sum([matrix.outputs for matrix, _ in matrices])
    if not tokens or not outputs:
        return results
    weights = sum([matrix.values.numel() for matrix, _ in matrices])
    work = tokens * (weights + inputs + outputs)
    threads = min(torch.get_num_threads(), 1 + work // THREAD_WORK)
    many = weights >= MANY * outputs and long()
    room = panel_bytes() if many else PANEL_BYTES
    length = _panel_length(tokens, inputs, room, narrow, threads, many)
    panels = -(-tokens // length)
    # Few panels leave threads idle, so that each panel's rows are split, though that packs it anew.
    groups = 1 if panels % threads == 0 or panels >= 4 * threads else threads
    threads = min(threads, panels * groups)
    narrow = narrow and length in loops().NARROW_LENGTHS
    for left in reversed(range(TRIES + 1)):
        # Cut rows come in large blocks: those of one panel or two do not make even groups.
        even = left > 0 and (groups == 1 or panels > 2)
        cuts = [slices_of(matrix, length, narrow) if even else None for matrix, _ in matrices]
        scratch = torch.empty(threads, (inputs + block_rows(cuts)) * length, **FLOATS)
        arguments = [
            address(x),
            tokens,
            inputs,
            groups,
            length,
            address(scratch),
            loops().ACTIVATIONS.index(activation),
            narrow,
            x.element_size(),
            results[0].element_size(),
            len(matrices),
        ]
        places = {}
        for (matrix, _), bias, some, y in zip(matrices, biases, cuts, results, strict=True):
            if some is not None:
                places[len(arguments)] = matrix.store, some
            arguments += addresses(matrix, bias, some)
            arguments += address(y), matrix.outputs
        if run_sliced(LOOPS, threads, arguments, places):
            break
    return results


@functools.cache
def loops() -> ModuleType:
    """The module that is compiled: importing it at each call takes as long as a few products."""
    return importlib.import_module(LOOPS)


def slices_of(matrix: Kept, length: int, narrow: bool) -> Slices | None:
    """The slices that a matrix is multiplied by with panels of so many tokens, or None."""
    if matrix.store is None or length != (128 if narrow else 64):
        return None
    if not worth_while(len(matrix.values), matrix.outputs, matrix.inputs):
        return None
    return matrix.store.of(matrix)


def block_rows(cuts: Sequence[Slices | None]) -> int:
    """Output rows that are finished together, at most."""
    return loops().ROWS if cuts.count(None) == len(cuts) else loops().SLICE_ROWS


def addresses(matrix: Kept, bias: torch.Tensor | None, slices: Slices | None) -> list[int]:
    """What the loops are told of a matrix: `panel_loops.MATRIX` and `slice_loops.SLICES`."""
    own = [address(tensor) for tensor in (matrix.values, matrix.columns, matrix.offsets)]
    own.append(0 if bias is None else address(bias))
    return own + (NO_SLICES if slices is None else slices.numbers(matrix.inputs))


def csr_product(
    x: torch.Tensor, matrix: Kept, bias: torch.Tensor | None, activation: str = ""
) -> torch.Tensor:
    """The same by torch's sparse product (MKL's, where torch has MKL), in float32."""
    y = matrix.csr() @ x.float().t()
    if bias is not None:
        y += bias[:, None]
    if activation:
        y = torch.nn.functional.gelu(y, approximate="tanh" if "tanh" in activation else "none")
    return y.t().contiguous()


@functools.lru_cache(1024)  # the same few layers ask at each pass
def _panel_length(
    tokens: int,
    inputs: int,
    room: int = PANEL_BYTES,
    narrow: bool = False,
    threads: int = 1,
    many: bool = False,
) -> int:
    """The shortest panel that holds all tokens, else the longest that fits into `room` bytes.

    The longest of all holds numbers in bfloat16, needs the registers of long vectors and rows that
    keep many weights (`many`), and as many panels as there are threads.
    """
    if tokens == 1:
        return 1
    lengths = loops().LENGTHS
    long_one = narrow and many and tokens >= lengths[-1] * threads
    longest = lengths[-1] if long_one else lengths[-2]
    row = (2 if narrow else 4) * inputs
    fitting = [n for n in lengths if n <= longest and n * row <= room] or lengths[:1]
    return next((n for n in fitting if n >= tokens), fitting[-1])


@functools.cache
def panel_bytes() -> int:
    """How large a panel may be on this machine: at least `PANEL_BYTES`."""
    return max(PANEL_BYTES, (second_level_cache() or 0) // 2)


long = functools.cache(long_vectors)  # asking torch takes as long as a small product


def problem() -> str:
    """Why the kernel cannot run on this machine, or an empty string where it can."""
    return machine_code.problem(LOOPS)
