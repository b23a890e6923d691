"""Bytes on disk against the bound: mask entropy and the bits of the kept values."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch

from benchmarks.compare import Claim
from benchmarks.storage import LEVELS, WAYS, bound, fill, size

SHAPES = [(768, 768)] * 4 + [(3072, 768), (768, 3072)]


def run() -> Claim:
    """Save the matrices of a block of RoBERTa-base in each way, at each level."""
    state = {f"x.layer.{n}.weight": torch.empty(shape) for n, shape in enumerate(SHAPES)}
    ways = {name: (way, way.missing()) for name, way in WAYS.items()}
    rows, data, worst = [], [], 0.0
    with tempfile.TemporaryDirectory() as folder:
        for noise in (True, False):
            kind = "random bits" if noise else "normal"
            for level in LEVELS:
                fill(state, level, noise=noise)
                least = bound(state)
                row = [f"{level:.0%}", kind, f"{least / 1e6:.2f}"]
                for name, (way, missing) in ways.items():
                    if missing:
                        row.append(missing)
                        continue
                    path = Path(folder) / name
                    way.save(state, path)
                    ratio = size(path) / least
                    if noise and name == "save_sparse":
                        worst = max(worst, ratio)
                        loaded = way.load(path)
                        assert all(torch.equal(loaded[key], state[key]) for key in state)
                    data.append({"way": name, "level": level, "values": kind, "ratio": ratio})
                    row.append(f"{ratio:.3f}")
                rows.append(tuple(row))
    peers = [d for d in data if d["level"] == 0.9 and d["values"] == "random bits"]
    others = ", ".join(f"{d['way']} {d['ratio']:.2f}" for d in peers[2:])
    headline = (
        "size of pruned weights, 50 to 99 %",
        "entropy of the mask + kept values",
        f"at most {worst:.3f} × (at 90 %: {others})",
    )
    return Claim(
        "Sparse files: bytes relative to the bound",
        ("sparsity", "values", "bound (MB)", *ways),
        tuple(rows),
        "The six matrices of a block of RoBERTa-base (7.1 M weights, float32, random mask). The "
        "bound is the entropy of the mask and 32 bits a kept value; normal values have less "
        "entropy than that, so that a file may lie below it. gzip and zstd at their default levels "
        "over the dense file; compressed-tensors' bit mask is its last release that has the codec.",
        (headline,),
        {"sizes": data},
    )
