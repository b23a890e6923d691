"""Seconds and memory to save and load a pruned RoBERTa-base in each way."""

from __future__ import annotations

import gc
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.compare import Claim

LEVELS = (0.5, 0.9, 0.95, 0.99)
ONLY = {"gzip": (0.9,)}  # some 20 seconds a file
SLOW = 3.0  # seconds from which once is enough


def run() -> Claim:
    """Each way in its own process, which goes through all levels."""
    from benchmarks.storage import WAYS

    rows, data = [], []
    for name, way in WAYS.items():
        if missing := way.missing():
            rows.append((name, missing, *["-"] * 6))
            continue
        command = [sys.executable, "-m", "benchmarks.storage_speed", name]
        out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        data += [{"way": name, **found} for found in json.loads(out.splitlines()[-1])]
    data.sort(key=lambda found: found["level"])  # stable: the ways stay in their order
    for found in data:
        numbers = ("ratio", "save", "save_memory", "load", "load_memory")
        forms = ("{:.3f}", "{:.2f}", "{:.0f}", "{:.2f}", "{:.0f}")
        texts = (form.format(found[n]) for n, form in zip(numbers, forms, strict=True))
        rows.append((found["way"], f"{found['level']:.0%}", f"{found['bytes'] / 1e6:.0f}", *texts))
    return Claim(
        "Saving and loading RoBERTa-base (125 M weights, 85 M of them pruned at random)",
        ("way", "sparsity", "MB", "× bound", "save (s)", "save MB", "load (s)", "load MB"),
        tuple(rows),
        "Float32, normal values; the file is in the page cache. Each way has a process of its own; "
        "medians of up to three. Seconds to load end when every tensor has been read once, since "
        "some ways only map the file; memory is the rise of the peak, pages of a mapped file and "
        "the 499 MB of the loaded tensors included.",
        tuple(_headlines(data)),
        {"speeds": data},
    )


def _headlines(data: list[dict]) -> list[tuple[str, str, str]]:
    at = {found["way"]: found for found in data if found["level"] == 0.9}
    ours = at.pop("save_sparse")
    del at["dense safetensors"]
    size, load = (
        ", ".join(f"{way} {found[key] / ours[key]:.1f} ×" for way, found in at.items())
        for key in ("bytes", "load")
    )
    what = "RoBERTa-base at 90 %"
    return [
        (f"{what}: {ours['bytes'] / 1e6:.0f} MB on disk", "other files are larger", size),
        (f"{what}: loaded in {ours['load']:.2f} s", "others take longer", load),
    ]


def _peak() -> float:
    """Highest resident memory since `_forget`, in MB."""
    import resource

    try:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(x.split()[1]) for x in lines if x.startswith("VmHWM")) / 1024
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _forget() -> None:
    """Start counting the peak anew, where the system can (Linux)."""
    gc.collect()
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _measure(work: Callable[[], object], runs: int) -> tuple[float, float]:
    """Median seconds, and the rise of the peak in MB at the first."""
    seconds, memory = [], 0.0
    for number in range(runs):
        _forget()
        before = _peak()
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
        if number == 0:
            memory = _peak() - before
        if seconds[-1] > SLOW:
            break
    return statistics.median(seconds), memory


def _child(name: str) -> list[dict]:
    import torch

    from benchmarks.storage import WAYS, bound, is_sparse, size
    from labkit import load_model

    way = WAYS[name]
    way.missing()
    state = {n: t.clone() for n, t in load_model("roberta", "random").model.state_dict().items()}
    found = []

    def load() -> None:
        for tensor in way.load(path).values():
            tensor.sum()

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        # What is imported once per process is not what is measured.
        way.save({n: t for n, t in state.items() if ".layer.0.output" in n}, path)
        load()
        for level in LEVELS:
            generator = torch.Generator().manual_seed(0)  # the same numbers: masks are nested
            for key, tensor in state.items():
                if is_sparse(key, tensor):
                    tensor[torch.rand(tensor.shape, generator=generator) < level] = 0
            if level not in ONLY.get(name, LEVELS):
                continue
            save, save_memory = _measure(lambda: way.save(state, path), 2)
            taken, load_memory = _measure(load, 3)
            found.append(
                {
                    "level": level,
                    "bytes": size(path),
                    "ratio": size(path) / bound(state),
                    "save": save,
                    "save_memory": save_memory,
                    "load": taken,
                    "load_memory": load_memory,
                }
            )
    return found


if __name__ == "__main__":
    print(json.dumps(_child(sys.argv[1])))
