"""How long dense and sparse layers take on this machine, measured once for each shape."""

from __future__ import annotations

import contextlib
import copy
import functools
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path

import torch
from torch import nn

from labkit.code_hash import code_hash
from labkit.errors import SourceError
from labkit.execution import kernels
from labkit.execution.sparse_layer import SparseLinear
from labkit.files import write_text
from labkit.models import sources

SPARSITIES = (0.5, 0.8, 0.95, 0.99)
"""Where the sparse products are timed; between them time is straight in the weights kept."""

MARGIN = 0.95
"""A sparse layer must promise this share of the dense time, so that noise does not decide."""

SECONDS = 1.0
"""How long the products of one shape are repeated, in turn, and three rounds at least."""


@dataclass(frozen=True)
class Times:
    """Milliseconds of one layer: dense, and by each sparse method at each of `SPARSITIES`.

    `sparse` maps "kernel" and "csr" to those times; the kernel is absent where it cannot run.
    """

    dense: float
    sparse: dict[str, list[float]]

    def expected(self, method: str, sparsity: float) -> float:
        """Milliseconds of a sparse method at any sparsity, by straight lines between those timed.

        Below the first sparsity the line goes on; above the last one time no longer falls.  More
        zeros never take longer: where a busy machine made it look so, the longer time counts, or
        else the line would promise a dense layer a gain.
        """
        times = [max(self.sparse[method][i:]) for i in range(len(SPARSITIES))]
        i = min(sum(sparsity > s for s in SPARSITIES[1:]), len(SPARSITIES) - 2)
        low, high = SPARSITIES[i : i + 2]
        share = min((sparsity - low) / (high - low), 1)
        return times[i] + share * (times[i + 1] - times[i])

    def best(self, sparsity: float) -> tuple[str, float]:
        """The fastest sparse method at this sparsity, and its milliseconds."""
        expected = {method: self.expected(method, sparsity) for method in self.sparse}
        method = min(expected, key=expected.__getitem__)
        return method, expected[method]

    def choice(self, sparsity: float) -> str:
        """What a layer of this sparsity should be: a sparse method, or "dense".

        Sparse only where the best method promises at most `MARGIN` of the dense time, so that a
        layer, and with it a model, is not made slower than the dense one in the same precision.
        """
        method, milliseconds = self.best(sparsity)
        return method if milliseconds <= MARGIN * self.dense else "dense"

    def break_even(self, method: str) -> float:
        """The lowest sparsity, in steps of 0.1 points, from which a method beats the dense layer.

        NaN where it never does.
        """
        pays = float("nan")
        for step in range(1000, -1, -1):
            if self.expected(method, step / 1000) > self.dense:
                break
            pays = step / 1000
        return pays


def times(outputs: int, inputs: int, tokens: int, precision: str = "float32") -> Times:
    """The times of a layer at this number of tokens, from the disk or else measured and kept.

    The dense layer is float32, the sparse one of the precision that is asked for.  Tokens count in
    powers of two up to 1,024, for whose time per token holds beyond, and on as many threads as
    torch has now.
    """
    tokens = min(1 << (tokens - 1).bit_length(), 1024)
    key = f"{outputs}x{inputs} at {tokens} tokens, {torch.get_num_threads()} threads"
    key += "" if precision == "float32" else f", {precision}"
    known = _read()
    if key not in known:
        known[key] = measure(outputs, inputs, tokens, precision)
        _write(known)
    return known[key]


def path() -> Path:
    """The file that keeps the times of this machine."""
    return sources.home() / "calibration.json"


def machine() -> dict[str, str]:
    """What the times depend on: they are measured anew where any of it differs."""
    return {
        "cpu": cpu_name(),
        "cores": str(os.cpu_count()),
        "vectors": torch.backends.cpu.get_cpu_capability(),
        "torch": str(torch.__version__),
        "kernel": kernels.problem() or f"numba {metadata.version('numba')}",
        "labkit": metadata.version("llm-sparsity-lab"),
        "code": _code(),
    }


@functools.cache
def _code() -> str:
    """A hash of the modules that are timed: times of an older kernel say nothing of this one."""
    return code_hash("labkit.execution.sparse_layer", __name__)


def measure(outputs: int, inputs: int, tokens: int, precision: str = "float32") -> Times:
    """Time a layer at this number of tokens now: products in turn, of each the fastest round.

    The weights are float32 and their zeros fall at random. It takes `SECONDS`, or three rounds.
    Whole modules are called, as in a model: with few tokens their own checks take time as well.
    """
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(tokens, inputs, generator=generator)
    layer = nn.Linear(inputs, outputs).requires_grad_(False).eval()
    weight = torch.randn(outputs, inputs, generator=generator)
    score = torch.rand(outputs, inputs, generator=generator)
    ways: dict[tuple[str, int], Callable[[torch.Tensor], object]] = {}
    methods = ["csr"] if kernels.problem() else ["csr", "kernel"]
    for i, sparsity in enumerate(SPARSITIES):
        layer.weight.copy_(weight * (score >= sparsity))
        sparse = SparseLinear(layer, precision=precision).eval()
        for method in methods:
            ways[method, i] = copy.copy(sparse)  # of the same memory
            ways[method, i].method = method
    layer.weight.copy_(weight)
    ways["dense", 0] = layer
    best = dict.fromkeys(ways, float("inf"))
    rounds, end = 0, time.perf_counter() + SECONDS
    with torch.inference_mode():
        while rounds < 3 or time.perf_counter() < end:
            for way, run in ways.items():
                start = time.perf_counter()
                run(x)
                best[way] = min(best[way], 1e3 * (time.perf_counter() - start))
            rounds += 1
    sparse = {name: [best[name, i] for i in range(len(SPARSITIES))] for name in methods}
    return Times(best["dense", 0], sparse)


def _read() -> dict[str, Times]:
    """What is on disk for this machine; nothing where the file is absent, foreign or damaged."""
    try:
        content = json.loads(path().read_text(encoding="utf-8"))
        if content["machine"] != machine():
            return {}
        return {key: _checked(entry) for key, entry in content["times"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _checked(entry: dict) -> Times:
    sparse = {method: [float(t) for t in entry["sparse"][method]] for method in entry["sparse"]}
    if not sparse or any(len(t) != len(SPARSITIES) for t in sparse.values()):
        raise ValueError("not the times of this version")
    return Times(float(entry["dense"]), sparse)


def _write(known: dict[str, Times]) -> None:
    content = {"machine": machine(), "times": {key: asdict(t) for key, t in known.items()}}
    with contextlib.suppress(SourceError):  # not kept, it costs a measurement next time, no more
        write_text(path(), json.dumps(content, indent=1) + "\n")


def cpu_name() -> str:
    """The processor as the system calls it."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
