"""`labkit prune` from file to file: 4 GB, and against loading, pruning and saving with torch."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.compare import Claim, Sample

TENSOR = 1 << 24  # weights of one tensor: 64 MiB
TENSORS = {"0.5 GB": 8, "4 GB": 64}


def run() -> Claim:
    """Each run in its own process, on files made on the spot."""
    rows, data, note = [], {}, ""
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        for size, count in TENSORS.items():
            file = Path(folder, "in.safetensors")
            make_file(file, count)
            for way in ("labkit prune", "torch") if count < 64 else ("labkit prune",):
                runs = [_measure(way, file) for _ in range(3 if way != "torch" else 1)]
                data[f"{way}, {size}"] = sample = min(runs, key=lambda run: run.seconds)
                rows.append((size, way, f"{sample.seconds:.1f}", f"{sample.memory:.0f}"))
    ours, torch = data["labkit prune, 0.5 GB"], data["torch, 0.5 GB"]
    large = data["labkit prune, 4 GB"]
    note = (
        "fp32; whole processes from start to exit, so that imports count (torch: load_file, "
        "global_unstructured, remove, save_file); peak resident memory of the process; best of 3 "
        "runs, torch: 1 run. The file read is in the page cache, and the one written need not have "
        "reached the disk."
    )
    return Claim(
        title="Pruning safetensors files to 90 %",
        columns=("file", "way", "seconds", "peak memory (MB)"),
        rows=tuple(rows),
        note=note,
        headlines=(
            (
                "labkit prune, 4 GB file",
                "memory",
                f"{large.seconds:.0f} s in {large.memory:.0f} MB of memory",
            ),
            (
                "labkit prune, 0.5 GB file",
                "load_file, torch.nn.utils.prune, save_file",
                f"{torch.seconds / ours.seconds:.0f} × faster, "
                f"{ours.memory / torch.memory:.1%} of its memory",
            ),
        ),
        data={key: [sample.seconds, sample.memory] for key, sample in data.items()},
    )


def make_file(path: Path, count: int) -> None:
    """Write `count` tensors of random fp32 weights."""
    import numpy as np

    step = 4 * TENSOR
    header = {
        f"layers.{number}.weight": {
            "dtype": "F32",
            "shape": [TENSOR // 4096, 4096],
            "data_offsets": [step * number, step * (number + 1)],
        }
        for number in range(count)
    }
    text = json.dumps(header).encode()
    random = np.random.default_rng(0)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        for _ in range(count):
            file.write(random.standard_normal(TENSOR, dtype=np.float32))


def _measure(way: str, file: Path) -> Sample:
    """Seconds of a whole process, and the peak of its memory."""
    out = file.with_name("out.safetensors")
    out.unlink(missing_ok=True)
    command = [sys.executable, "-m", "benchmarks.prune_file", way, str(file), str(out)]
    start = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return Sample(time.perf_counter() - start, float(done.stdout.split()[-1]))


def main(way: str, source: str, out: str) -> None:
    """Prune one file, and print the peak of the memory in MB."""
    if way == "torch":
        from safetensors.torch import load_file, save_file
        from torch import nn
        from torch.nn.utils import prune

        modules = []
        for weight in load_file(source).values():
            module = nn.Module()
            module.weight = nn.Parameter(weight, requires_grad=False)
            modules.append(module)
        targets = [(module, "weight") for module in modules]
        prune.global_unstructured(targets, pruning_method=prune.L1Unstructured, amount=0.9)
        for target in targets:
            prune.remove(*target)
        tensors = {f"layers.{i}.weight": m.weight.detach() for i, m in enumerate(modules)}
        save_file(tensors, out)
    else:
        from labkit.cli import app

        app(["prune", source, out, "--sparsity", "0.9"], standalone_mode=False)
    from benchmarks.compare import peak_memory

    print(peak_memory() / 1e6)


if __name__ == "__main__":
    main(*sys.argv[1:])
