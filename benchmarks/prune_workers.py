"""Pruning a checkpoint from disk to disk in one process, and on 1, 2 and 4 Dask workers."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from benchmarks.compare import Claim, resumed, save
from benchmarks.prune_file import make_file

WORKERS = (0, 1, 2, 4)
"""Processes of the cluster; 0: the threads of one process, without Dask."""

TENSORS = 64  # of 64 MiB each: 4 GB
RUNS = 3
SPARSITY = 0.9


def run(resume: bool = False) -> Claim:
    """All ways in turn, `RUNS` times; each run is saved.

    `resume`: runs that an earlier one on this machine has saved are not made again.
    """
    return measure(resumed("prune_workers", resume), TENSORS, RUNS)


def measure(data: dict[str, Any], tensors: int, runs: int, keep: bool = True) -> Claim:
    """Fill `data` with what it lacks; `keep`: save the claim after each run."""
    data.setdefault("bytes", 4 * tensors << 24)
    data.setdefault("runs", [])
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as folder:
        file = Path(folder, "in.safetensors")
        for number in range(len(data["runs"]), runs * len(WORKERS)):
            if not file.exists():
                make_file(file, tensors)
            workers = WORKERS[number % len(WORKERS)]
            out = file.with_name(f"out{number}.safetensors")
            command = [sys.executable, "-m", "benchmarks.prune_workers", str(workers)]
            done = subprocess.run([*command, str(file), str(out)], check=True, capture_output=True)
            out.unlink()
            data["runs"].append(json.loads(done.stdout.splitlines()[-1]))
            if keep:
                save("prune_workers", claim(data))
    return claim(data)


def claim(data: dict[str, Any]) -> Claim:
    """The table, the best run of each way, and what it takes beyond one worker."""
    best = {}
    for workers in WORKERS:
        runs = [one for one in data["runs"] if one["workers"] == workers]
        if runs:
            best[workers] = {key: min(one[key] for one in runs) for key in runs[0]}
    one = best.get(1)
    rows = tuple(
        (
            f"{workers} workers" if workers > 1 else "1 worker" if workers else "threads, no Dask",
            f"{found['started']:.1f}",
            f"{found['pruned']:.2f}",
            f"{found['pruned'] / one['pruned']:.2f} ×" if one else "",
            f"{found['cpu']:.1f}",
            f"{found['user']:.2f}",
            f"{found['user'] / one['user']:.2f} ×" if one else "",
            f"{found['tasks']:,}",
            f"{found['sent'] / 1e6:.1f}",
        )
        for workers, found in best.items()
    )
    return Claim(
        title=f"Pruning a file of {data['bytes'] / 1e9:.1f} GB on Dask workers",
        columns=(
            "way",
            "started in (s)",
            "pruned in (s)",
            "over one worker",
            "time of all cores (s)",
            "of it in programs (s)",
            "over one worker",
            "tasks",
            "arguments and results (MB)",
        ),
        rows=rows,
        note=f"float32, one file, to {SPARSITY:.0%}; all ways in turn, each run in processes of "
        f"its own, the least of {len(data['runs']) // len(WORKERS)} for each figure. Started: "
        "until all workers have loaded the loops, which happens once, however large the checkpoint "
        "is. Time of all cores is what scheduler and workers together were given while pruning. "
        "Most of it the system takes for the pages of both files, up to twice as much in one run "
        "as in another: what the time in programs passes one worker's by is the overhead. "
        "Arguments and results are counted as pickled, without Dask's own messages. A worker has "
        "one thread, so that one worker uses one core, and four share what cores there are.",
        data=data,
    )


def main(workers: int, source: str, out: str) -> None:
    """Prune once, and print what it took."""
    import pickle

    from labkit.pruning.files import cluster, prune_files
    from labkit.pruning.files.prune_file import in_threads

    tasks = sent = 0
    with ExitStack() as stack:
        start = time.perf_counter()
        run = stack.enter_context(cluster(None, workers) if workers else in_threads())
        list(run(_warm, [(number,) for number in range(4 * (workers or 1))]))
        started = time.perf_counter() - start

        def counting(function: Any, jobs: Sequence[tuple]) -> Any:
            nonlocal tasks, sent
            for number, result in run(function, jobs):
                tasks += 1
                sent += len(pickle.dumps(jobs[number])) + len(pickle.dumps(result))
                yield number, result

        start, before = time.perf_counter(), _processor_seconds()
        prune_files(source, out, SPARSITY, run=counting)
        pruned, after = time.perf_counter() - start, _processor_seconds()
    user, cpu = (now - then for now, then in zip(after, before, strict=True))
    found = {"workers": workers, "started": started, "pruned": pruned, "cpu": cpu, "user": user}
    print(json.dumps(found | {"tasks": tasks, "sent": sent}))


def _processor_seconds() -> tuple[float, float]:
    """What this process and the workers that it started were given so far: in programs, in all."""
    import psutil

    own = psutil.Process()
    every = [process.cpu_times() for process in (own, *own.children(recursive=True))]
    user = sum(one.user for one in every)
    return user, user + sum(one.system for one in every)


def _warm(number: int) -> int:
    """Load what a worker needs; slow enough that each worker gets one of them."""
    import numpy as np

    from labkit.pruning import key_passes

    key_passes.loops(np.uint32)
    time.sleep(0.2)
    return number


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
