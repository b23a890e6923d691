"""Global magnitude pruning of RoBERTa-base's 85 M weights against what torch offers."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time

from torch import nn

from benchmarks.compare import Claim, in_turn, report
from benchmarks.models import encoder, prune_with_torch

SPARSITY = 0.9
WAYS = {
    "ours": "labkit.prune_global",
    "torch": "torch.nn.utils.prune.global_unstructured, remove",
    "kthvalue": "torch.kthvalue of the concatenation, masked_fill_",
    "read": "reading the weights once (torch.sum, all cores)",
}


def run() -> Claim:
    """All ways, each run in its own process."""
    found = in_turn("benchmarks.global_pruning", tuple(WAYS))
    ours, peer, read = found["ours"], found["torch"], found["read"]
    faster, memory = peer.seconds / ours.seconds, ours.memory / peer.memory
    what = f"global pruning, RoBERTa-base shape, {SPARSITY:.0%}"
    return Claim(
        title=f"Global pruning of RoBERTa-base's 85 M weights to {SPARSITY:.0%}",
        columns=("way", "seconds", "extra memory (MB)", "times ours", "readings of the weights"),
        rows=tuple(
            (
                WAYS[way],
                f"{s.seconds:.3f}",
                f"{s.memory:.0f}",
                f"{s.seconds / ours.seconds:.1f}",
                f"{s.seconds / read.seconds:.1f}",
            )
            for way, s in found.items()
        ),
        note="Each run in its own process, in turn; medians of 3; memory is the rise of the peak. "
        "Ours finds its compiled loops in numba's cache, and they are loaded before the clock "
        f"starts; compiling them takes {compile_seconds():.1f} s, once for each machine. Pruning "
        "reads the weights twice and writes them once.",
        headlines=(
            (
                what,
                "torch.nn.utils.prune",
                f"{faster:.0f} × faster, {memory:.1%} of its extra memory",
            ),
        ),
        data={way: [s.seconds, s.memory] for way, s in found.items()},
    )


def compile_seconds() -> float:
    """Seconds from nothing to compiled loops for fp32, in a new process with an empty cache."""
    code = "import time; start = time.perf_counter(); import numpy as np; "
    code += "from labkit.pruning import key_passes; key_passes.loops(np.uint32); "
    code += "print(time.perf_counter() - start)"
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "NUMBA_CACHE_DIR": folder}
        done = subprocess.run([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
    return float(done.stdout)


def _kthvalue(model: nn.Module) -> None:
    import torch

    from labkit import prunable_layers

    weights = [layer.weight for layer in prunable_layers(model)]
    everything = torch.cat([weight.flatten() for weight in weights]).abs_()
    threshold = everything.kthvalue(round(SPARSITY * len(everything))).values
    for weight in weights:
        weight.masked_fill_(weight.abs() <= threshold, 0.0)


def main(way: str) -> None:
    """Measure one way, in this process."""
    import numpy as np

    from labkit import prunable_layers, prune_global
    from labkit.pruning import key_passes

    model = encoder(768, 12)
    weights = [layer.weight for layer in prunable_layers(model)]  # imports what it needs, too
    if way == "read":
        seconds = []
        for _ in range(5):
            start = time.perf_counter()
            sum(weight.sum() for weight in weights)
            seconds.append(time.perf_counter() - start)
        print(min(seconds), 0)
        return
    key_passes.loops(np.uint32)
    work = {
        "ours": lambda: prune_global(model, SPARSITY),
        "torch": lambda: prune_with_torch(model, SPARSITY),
        "kthvalue": lambda: _kthvalue(model),
    }
    report(work[way])


if __name__ == "__main__":
    main(sys.argv[1])
