"""The ways of keeping a pruned model in a file that the claims on storage compare.

Each has `save(state, path)` and `load(path)`, which gives the state dict back with dense tensors.
Prunable matrices (here: every matrix but embeddings) are stored sparse, the rest dense.
"""

from __future__ import annotations

import gzip
import math
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import safetensors.torch
import torch

from labkit import load_sparse_state, save_sparse
from labkit.storage.size import binary_entropy

LEVELS = (0.5, 0.9, 0.95, 0.99)
CODEC = "compressed-tensors==0.14.0.1"  # the newest release that still has the bit mask

State = dict[str, torch.Tensor]


class Way(NamedTuple):
    """What a user would take: its functions, and why it is missing, if it is."""

    save: Callable[[State, Path], object]
    load: Callable[[Path], State]
    missing: Callable[[], str] = lambda: ""


def is_sparse(name: str, tensor: torch.Tensor) -> bool:
    """Whether the other ways store it sparse: the matrices of the blocks."""
    return tensor.ndim == 2 and ".layer." in name


def fill(state: State, sparsity: float, *, noise: bool, seed: int = 0) -> None:
    """Fill the matrices of `state` in place: random mask, and values of random bits or normal ones.

    Random bits do not compress: the bound of mask entropy and 32 bits a value is sharp for them.
    """
    rng = np.random.default_rng(seed)
    for name, tensor in state.items():
        if not is_sparse(name, tensor):
            continue
        if noise:  # exponents below the highest: no infinities or NaN, which some ways mend
            bits = rng.integers(0x00800000, 0x7F800000, tensor.numel(), dtype=np.uint32)
            values = (bits | rng.integers(0, 2, tensor.numel(), dtype=np.uint32) << 31).view("f4")
        else:
            values = rng.standard_normal(tensor.numel(), dtype=np.float32) * np.float32(0.02)
        values[rng.random(tensor.numel(), dtype=np.float32) < sparsity] = 0
        tensor.copy_(torch.from_numpy(values).view(tensor.shape))


def bound(state: State) -> int:
    """Bytes of mask entropy and kept values of the matrices, and of the other tensors."""
    total = 0.0
    for name, tensor in state.items():
        if is_sparse(name, tensor):
            kept = int(tensor.count_nonzero())
            total += kept * tensor.itemsize
            total += tensor.numel() * binary_entropy(kept / tensor.numel()) / 8
        else:
            total += tensor.nbytes
    return math.ceil(total)


def size(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    files = [path] if path.is_file() else path.iterdir()
    return sum(file.stat().st_size for file in files)


def save_gzip(state: State, path: Path) -> None:
    with gzip.open(path, "wb", compresslevel=6) as file:  # the command's default
        file.write(safetensors.torch.save(state))


def load_gzip(path: Path) -> State:
    with gzip.open(path) as file:
        return safetensors.torch.load(file.read())


def save_zstd(state: State, path: Path) -> None:
    import pyarrow as pa

    with pa.CompressedOutputStream(str(path), "zstd") as file:
        file.write(safetensors.torch.save(state))


def load_zstd(path: Path) -> State:
    import pyarrow as pa

    with pa.CompressedInputStream(str(path), "zstd") as file:
        return safetensors.torch.load(file.read())


def save_scipy(state: State, path: Path) -> None:
    import scipy.sparse

    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    for name, tensor in state.items():
        if is_sparse(name, tensor):
            scipy.sparse.save_npz(path / f"{name}.npz", scipy.sparse.csr_array(tensor.numpy()))
    rest = {name: tensor for name, tensor in state.items() if not is_sparse(name, tensor)}
    safetensors.torch.save_file(rest, path / "rest")


def load_scipy(path: Path) -> State:
    import scipy.sparse

    state = safetensors.torch.load_file(path / "rest")
    for file in path.glob("*.npz"):
        state[file.stem] = torch.from_numpy(scipy.sparse.load_npz(file).toarray())
    return state


def save_csr(state: State, path: Path) -> None:
    torch.save({n: t.to_sparse_csr() if is_sparse(n, t) else t for n, t in state.items()}, path)


def load_csr(path: Path) -> State:
    loaded = torch.load(path)
    return {n: t.to_dense() if t.layout == torch.sparse_csr else t for n, t in loaded.items()}


@cache
def _codec() -> str:
    """Install the codec into a folder of its own, once; why it is missing, or nothing.

    The release asks for an older transformers, which its codec does not use, so its dependencies
    are given by hand; torch is that of the benchmark.
    """
    folder = Path(tempfile.gettempdir()) / f"labkit-benchmark-{CODEC}"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder)]
    try:
        if not (folder / "compressed_tensors").exists():
            subprocess.run([*pip, "--no-deps", CODEC, "loguru"], check=True, timeout=120)
            subprocess.run([*pip, "pydantic"], check=True, timeout=120)
        sys.path.append(str(folder))
        import compressed_tensors.compressors  # noqa: F401
    except Exception as error:
        return f"not measured ({type(error).__name__})"
    return ""


def save_codec(state: State, path: Path) -> None:
    from compressed_tensors.compressors.sparse_compressors.sparse_bitmask import BitmaskTensor

    packed: State = {}
    for name, tensor in state.items():
        if is_sparse(name, tensor):
            packed |= BitmaskTensor.from_dense(tensor).dict(name)
        else:
            packed[name] = tensor
    safetensors.torch.save_file(packed, path)


def load_codec(path: Path) -> State:
    from compressed_tensors.compressors.sparse_compressors.sparse_bitmask import BitmaskTensor

    packed = safetensors.torch.load_file(path)
    parts = ("shape", "compressed", "bitmask", "row_offsets")
    names = [name.removesuffix(".bitmask") for name in packed if name.endswith(".bitmask")]
    state = {}
    for name in names:
        data = {part: packed.pop(f"{name}.{part}") for part in parts}
        state[name] = BitmaskTensor(**data | {"shape": data["shape"].tolist()}).decompress()
    return packed | state


WAYS = {
    "save_sparse": Way(save_sparse, load_sparse_state),
    "dense safetensors": Way(safetensors.torch.save_file, safetensors.torch.load_file),
    "gzip": Way(save_gzip, load_gzip),
    "zstd": Way(save_zstd, load_zstd),
    "scipy save_npz": Way(save_scipy, load_scipy),
    "torch CSR": Way(save_csr, load_csr),
    CODEC.replace("==", " "): Way(save_codec, load_codec, _codec),
}
"""Ours first."""
