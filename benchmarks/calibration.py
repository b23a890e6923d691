"""Time and memory of pruning with calibration, for a model as large as GPT-2 small.

`python -m benchmarks.calibration WAY` measures one way in a process of its own.  The weights are
random: neither time nor memory depends on them.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import Any

from benchmarks.compare import Claim, peak_memory

WAYS = {"wanda": "Wanda", "sparsegpt": "SparseGPT"}
SEQUENCES, LENGTH, SPARSITY = 128, 128, 0.5


def run() -> Claim:
    """Both ways, one after another."""
    found = {}
    for way in WAYS:
        command = [sys.executable, "-m", "benchmarks.calibration", way]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        found[way] = json.loads(out.splitlines()[-1])
    rows = tuple(
        (
            f"{WAYS[way]} at {SPARSITY:.0%}",
            f"{one['parameters'] / 1e6:.0f} M parameters, {one['model_bytes'] / 1e6:,.0f} MB",
            f"{one['seconds']:.0f} s",
            f"{one['cpu_seconds']:.0f} s",
            f"{one['extra_bytes'] / 1e6:,.0f} MB",
        )
        for way, one in found.items()
    )
    return Claim(
        title="Pruning with calibration",
        columns=("criterion", "model", "time", "time of all cores", "memory beyond the model"),
        rows=rows,
        note=(
            "A GPT-2 with the shape of the small one and random weights, float32, calibrated on "
            f"{SEQUENCES} sequences of {LENGTH} tokens; {found['wanda']['threads']} threads, each "
            "criterion in a process of its own, once. Memory beyond the model is by how much the "
            "peak of the resident memory passes what is held when the model is there; it contains "
            "the prunable weights as they were, which are put back after an error. Time of all "
            "cores is what the process itself was given: it shows less of what else the machine "
            "did."
        ),
        data=found,
    )


def measure(way: str) -> dict[str, Any]:
    """One way in this process."""
    import torch
    from transformers import GPT2Config, GPT2LMHeadModel

    from labkit.pruning import prune_sparsegpt, prune_wanda

    torch.manual_seed(0)
    model = GPT2LMHeadModel(GPT2Config()).eval()
    sequences = torch.randint(model.config.vocab_size, (SEQUENCES, LENGTH))
    prune = {"wanda": prune_wanda, "sparsegpt": prune_sparsegpt}[way]
    before = peak_memory(reset=True)
    wall, own = time.perf_counter(), time.process_time()
    pruning = prune(model, sequences, SPARSITY)
    return {
        "seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - own,
        "extra_bytes": peak_memory() - before,
        "model_bytes": sum(one.numel() * one.element_size() for one in model.parameters()),
        "parameters": sum(one.numel() for one in model.parameters()),
        "zeros": pruning.zeros,
        "threads": torch.get_num_threads(),
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1])))
