"""What global pruning costs as models grow from 1 M to 1 B weights."""

from __future__ import annotations

import sys

from benchmarks.compare import Claim, in_turn, report
from benchmarks.models import encoder, prune_with_torch

SHAPES = ((288, 1), (512, 1), (768, 1), (768, 4), (768, 12), (768, 42), (768, 141))
OURS, TORCH = "labkit", "torch"
BYTES = {OURS: 6, TORCH: 60}  # peak memory for each weight, itself included
SLOW = 50_000_000  # torch takes a minute or so from here on: one run each


def run() -> Claim:
    """Ours and torch's at each size, as far as memory goes."""
    import psutil

    sizes = [12 * width**2 * blocks for width, blocks in SHAPES]
    free = psutil.virtual_memory().available
    data: dict[str, list] = {"sizes": sizes, OURS: [], TORCH: []}
    rows = []
    for (width, blocks), size in zip(SHAPES, sizes, strict=True):
        ways = {way: f"{way} {width} {blocks}" for way in (OURS, TORCH) if BYTES[way] * size < free}
        found = in_turn("benchmarks.scaling", tuple(ways.values()), 1 if size > SLOW else 3)
        row = [f"{size / 1e6:.1f} M"]
        for way in (OURS, TORCH):
            sample = found.get(ways.get(way, ""))
            data[way].append(sample.seconds if sample else None)
            row += [f"{sample.seconds:.3f}", f"{sample.memory:.0f}"] if sample else ["-", "-"]
        rows.append((*row, f"{data[TORCH][-1] / data[OURS][-1]:.0f} ×" if data[TORCH][-1] else "-"))
    largest = max(size for size, seconds in zip(sizes, data[OURS], strict=True) if seconds)
    both = [i for i, seconds in enumerate(data[TORCH]) if seconds]
    faster = data[TORCH][both[-1]] / data[OURS][both[-1]]
    return Claim(
        title="Global pruning to 90 % against the size of the model (fp32)",
        columns=("weights", "ours (s)", "ours (MB)", "torch (s)", "torch (MB)", "faster"),
        rows=tuple(rows),
        note="Each run in its own process, in turn; medians of 3, of 1 above 50 M weights; MB is "
        f"the rise of the peak memory. -: would not fit into the {free / 1e9:.0f} GB free.",
        headlines=(
            (
                f"global pruning, {sizes[both[-1]] / 1e6:.0f} M weights",
                "torch.nn.utils.prune",
                f"{faster:.0f} × faster; {largest / 1e6:.0f} M weights in "
                f"{data[OURS][sizes.index(largest)]:.2f} s",
            ),
        ),
        data=data,
    )


def main(way: str, width: int, blocks: int) -> None:
    """Measure one way at one size, in this process."""
    import numpy as np

    from labkit import prunable_layers, prune_global
    from labkit.pruning import key_passes

    key_passes.loops(np.uint32)
    model = encoder(width, blocks)
    prunable_layers(model)  # imports what it needs
    work = prune_global if way == OURS else prune_with_torch
    report(lambda: work(model, 0.9))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
