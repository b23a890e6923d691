"""A plan for pruning a checkpoint of 70 billion weights on eight machines, tried at a thousandth.

The small checkpoint has the same tensors in the same shards, each side of a matrix a 32nd, and the
tasks are as much smaller: so there are as many of them, and eight workers share them.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks.compare import Claim, Table
from labkit.pruning.files import plan, shards

BLOCKS, WIDTH, INNER, GROUPED, WORDS = 80, 8192, 28672, 1024, 128256
"""The shape of Llama 3 70B (Grattafiori et al. 2024, table 3), with 8 heads of keys for 64."""

SHARDS, MACHINES, SPARSITY = 30, 8, 0.5
SIDE = 32
"""By how much each side of a matrix is smaller in the trial."""

RATES = {
    "25 Gbit/s to each, storage of 10 GB/s": plan.Rates(
        read=3e9, write=3e9, count=16e9, cut=8e9, storage=10e9, link=1e9, tasks=1000
    ),
    "10 Gbit/s to each, storage of 2 GB/s": plan.Rates(
        read=1.2e9, write=1.2e9, count=16e9, cut=8e9, storage=2e9, link=1e9, tasks=1000
    ),
}
"""Assumed. Computing: 16 cores of the 1 GB/s and 0.5 GB/s that one core does here."""


def run() -> Claim:
    """The plan at full size; and at a thousandth what it says beside what the code does."""
    small, counted = trial()
    full = plan.work(*layout(1), bins=counted["bins"])
    rows = []
    for what, rates in RATES.items():
        found = plan.time(full, MACHINES, rates)
        alone = plan.time(full, 1, rates)
        rows.append(
            (
                what,
                f"{found.select:.0f} s ({found.select_bound})",
                f"{found.write:.0f} s ({found.write_bound})",
                f"{found.seconds:.0f} s",
                f"{alone.seconds:.0f} s",
            )
        )
    return Claim(
        title=f"A plan: 70 billion weights in bf16 on {MACHINES} machines",
        columns=("rates", "select", "write", "both", "one machine"),
        rows=tuple(rows),
        note=f"Nothing of this was run at full size. {full.selected / 1e9:.0f} GB to prune in "
        f"{SHARDS} shards, {(full.copied - full.selected) / 1e9:.1f} GB of other weights; read at "
        f"most {full.read / 1e9:.0f} GB and written {full.written / 1e9:.0f} GB, all of it over "
        "the network where the files are on shared storage: "
        f"{full.read / MACHINES / 1e9:.0f} and {full.written / MACHINES / 1e9:.0f} GB to and from "
        f"each machine; {full.select_tasks:,} and {full.write_tasks:,} tasks, "
        f"{full.histograms / 1e6:.1f} MB of counts sent back. Storage is read from and written to "
        "at once. The rates are assumed; a task is taken to cost the scheduler 1 ms, the most that "
        "Dask's documentation names; in brackets what bounds the pass. The trial counts what the "
        "processes read and write as Linux does, caches included, so that some bytes of code and "
        "of headers read ahead are among them. The plan is `labkit.pruning.files.plan`.",
        data=counted,
        more=(
            Table(
                f"At a thousandth: {counted['weights'] / 1e6:.1f} M weights, {MACHINES} workers",
                ("bytes or tasks", "plan", "counted"),
                (
                    ("read, at least", f"{small.read - small.again:,}", ""),
                    ("read, at most", f"{small.read:,}", f"{counted['read']:,}"),
                    ("written", f"{small.written:,}", f"{counted['written']:,}"),
                    ("tasks that count", f"{small.select_tasks:,}", f"{counted['count']:,}"),
                    ("tasks that write", f"{small.write_tasks:,}", f"{counted['write']:,}"),
                    ("counts sent back", f"{small.histograms:,}", f"{counted['histograms']:,}"),
                    ("arguments and results as pickled", "", f"{counted['sent']:,}"),
                    ("most of one worker, read", f"{small.read // MACHINES:,}", counted["most"]),
                ),
            ),
        ),
    )


def matrices(side: int) -> Iterator[tuple[str, tuple[int, ...], bool]]:
    """Name, shape and whether it is pruned, of each tensor, its sides divided by `side`."""
    width, inner, grouped, words = (n // side for n in (WIDTH, INNER, GROUPED, WORDS))
    yield "model.embed_tokens.weight", (words, width), False
    for block in range(BLOCKS):
        place = f"model.layers.{block}"
        for name, outputs in (("q", width), ("k", grouped), ("v", grouped), ("o", width)):
            yield f"{place}.self_attn.{name}_proj.weight", (outputs, width), True
        for name, shape in (("gate", (inner, width)), ("up", (inner, width))):
            yield f"{place}.mlp.{name}_proj.weight", shape, True
        yield f"{place}.mlp.down_proj.weight", (width, inner), True
        for name in ("input_layernorm", "post_attention_layernorm"):
            yield f"{place}.{name}.weight", (width,), False
    yield "model.norm.weight", (width,), False
    yield "lm_head.weight", (words, width), False


def in_shards(side: int) -> list[list[tuple[str, tuple[int, ...], bool]]]:
    """The tensors in the order of the model, in files of about the same size."""
    found: list[list] = [[]]
    every = list(matrices(side))
    share, size = sum(_bytes(shape) for _, shape, _ in every) / SHARDS, 0
    for entry in every:
        if size > share * len(found):
            found.append([])
        found[-1].append(entry)
        size += _bytes(entry[1])
    return found


def layout(side: int) -> tuple[list[int], list[int]]:
    """Bytes of the tensors to prune, and of the runs between them, headers left out."""
    tensors, others = [], []
    for shard in in_shards(side):
        gap = 0
        for _, shape, pruned in shard:
            if pruned:
                others += [gap] * (gap > 0)
                tensors.append(_bytes(shape))
            gap = 0 if pruned else gap + _bytes(shape)
        others += [gap] * (gap > 0)
    return tensors, others


def _bytes(shape: tuple[int, ...]) -> int:
    size = 2  # bf16
    for length in shape:
        size *= length
    return size


def make_checkpoint(folder: Path, side: int) -> int:
    """Write shards of normal weights in bf16 with their index; returns the bytes of headers."""
    import torch
    from safetensors.torch import save_file

    generator, places, headers = torch.Generator().manual_seed(0), {}, 0
    parts = in_shards(side)
    for number, shard in enumerate(parts, 1):
        file = folder / f"model-{number:05d}-of-{len(parts):05d}.safetensors"
        tensors = {
            name: torch.randn(shape, generator=generator).to(torch.bfloat16)
            for name, shape, _ in shard
        }
        save_file(tensors, file)
        headers += file.stat().st_size - sum(_bytes(shape) for _, shape, _ in shard)
        places |= dict.fromkeys(tensors, file.name)
    index = {"metadata": {}, "weight_map": places}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return headers


def trial(workers: int = MACHINES, side: int = SIDE) -> tuple[plan.Work, dict[str, Any]]:
    """The plan of the small checkpoint, headers included, and what pruning it takes."""
    import psutil

    from labkit.pruning.files import cluster, prune_files
    from labkit.pruning.files.checkpoint import open_checkpoint, prunable_tensors

    counted = dict.fromkeys(("count", "write", "histograms", "sent", "bins"), 0)
    with (
        tempfile.TemporaryDirectory(dir=Path.cwd()) as place,
        mock.patch.object(shards, "RANGE", shards.RANGE // side**2),
        cluster(None, workers) as run,
    ):
        folder = Path(place)
        (folder / "in").mkdir()
        make_checkpoint(folder / "in", side)
        checkpoint = open_checkpoint(folder / "in")
        chosen = prunable_tensors(checkpoint)
        list(run(_warm, [(number,) for number in range(4 * workers)]))

        def counting(function: Any, jobs: list[tuple]) -> Any:
            counted["sent"] += sum(len(pickle.dumps(job)) for job in jobs)
            for number, result in run(function, jobs):
                counted[function.__name__] += 1
                counted["sent"] += len(pickle.dumps(result))
                if function is shards.count:
                    counted["histograms"] += result.inside.nbytes
                    counted["bins"] = max(counted["bins"], result.inside.size)
                yield number, result

        def io() -> dict[int, tuple[int, int]]:
            own = psutil.Process()
            every = [own, *own.children(recursive=True)]
            found = {one.pid: one.io_counters() for one in every}
            return {pid: (one.read_chars, one.write_chars) for pid, one in found.items()}

        before = io()
        done = prune_files(folder / "in", folder / "out", SPARSITY, run=counting)
        after = io()
        read, written = ({pid: after[pid][at] - before[pid][at] for pid in before} for at in (0, 1))
        sizes = [tensor.stop - tensor.start for tensor in chosen]
        small = plan.work(sizes, _runs(shards.rest(checkpoint, chosen)), bins=counted["bins"])
    own = os.getpid()
    counted |= {
        "weights": done.total,
        "read": sum(read.values()),
        "written": sum(written.values()),
        "most": f"{max(bytes for pid, bytes in read.items() if pid != own):,}",
    }
    return small, counted


def _runs(places: list[shards.Range]) -> list[int]:
    """Bytes of neighbouring ranges together."""
    found: list[int] = []
    end = None
    for place in places:
        if (place.file, place.start) == end:
            found[-1] += place.bytes
        else:
            found.append(place.bytes)
        end = (place.file, place.stop)
    return found


def _warm(number: int) -> int:
    """Load what a worker needs; slow enough that each worker gets one of them."""
    import time

    import numpy as np

    from labkit.pruning import key_passes

    key_passes.loops(np.uint16)
    assert shards.RANGE  # with all that it imports
    time.sleep(0.2)
    return number


if __name__ == "__main__":
    print(*trial(int(sys.argv[1]), int(sys.argv[2])), sep="\n")
