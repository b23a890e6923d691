"""The plan on paper counts what the code reads, writes and sends."""

import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from labkit.pruning.files import plan, shards
from labkit.pruning.files.checkpoint import open_checkpoint, prunable_tensors
from labkit.pruning.files.prune_file import in_threads, prune_files

BUFFER = 1 << 18  # bytes that reading a header may take in advance


def _io() -> dict[str, int]:
    """Bytes that this process has read and written, whatever lies in caches, as Linux counts."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return {key: int(value) for key, value in (line.split(": ") for line in lines)}


@pytest.mark.skipif(sys.platform != "linux", reason="counts the bytes of Linux")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_the_plan_equals_what_is_read_written_and_sent(dtype, tmp_path, monkeypatch):
    monkeypatch.setattr(shards, "RANGE", 1 << 18)
    generator = torch.Generator().manual_seed(0)
    shapes = [(700, 1500), (512, 512), (1, 3), (2000, 999)]
    tensors = {
        f"layers.{n}.weight": torch.randn(shape, generator=generator).to(dtype)
        for n, shape in enumerate(shapes)
    }
    tensors["embeddings"] = torch.randn(3000, 300, generator=generator)
    file = tmp_path / "in.safetensors"
    save_file(tensors, file)
    checkpoint = open_checkpoint(file)
    chosen = prunable_tensors(checkpoint)
    others = shards.rest(checkpoint, chosen)  # the plan joins what lies together
    gaps, end = [], None
    for place in others:
        if place.start == end:
            gaps[-1] += place.bytes
        else:
            gaps.append(place.bytes)
        end = place.stop
    prune_files(file, tmp_path / "warm", 0.5)  # whatever is loaded once
    tasks: dict[str, list[int]] = {}

    with in_threads() as run:

        def counted(function, jobs):
            for number, result in run(function, jobs):
                sent = result.inside.nbytes if function is shards.count else 0
                tasks.setdefault(function.__name__, []).append(sent)
                yield number, result

        before = _io()
        prune_files(file, tmp_path / "out", 0.9, run=counted)
        after = _io()
    bins = max(tasks["count"]) // 8
    planned = plan.work([t.stop - t.start for t in chosen], gaps, bins=bins)
    read, written = (after[key] - before[key] for key in ("rchar", "wchar"))
    again = len(tasks["count"]) - planned.select_tasks  # tasks of the second reading
    assert 0 <= again * shards.RANGE <= planned.again + 2 * shards.RANGE
    assert (again > 0) == (dtype == torch.bfloat16)  # which has many equal weights
    assert planned.read - planned.again <= read <= planned.read + BUFFER
    assert planned.written == file.stat().st_size <= written <= planned.written + BUFFER
    assert len(tasks["write"]) == planned.write_tasks
    assert sum(tasks["count"][: planned.select_tasks]) == planned.histograms


def test_time_is_that_of_the_slowest_part():
    work = plan.work([80 << 30], [8 << 30])
    fast = dict.fromkeys(("read", "write", "count", "cut", "storage", "link", "tasks"), 1e18)
    for slow, bounds in {
        "read": ("read", "read"),
        "write": (None, "write"),
        "count": ("count", None),
        "storage": ("storage", "storage"),
        "tasks": ("tasks", "tasks"),
    }.items():
        rate = 1e3 if slow == "tasks" else 1e9
        found = plan.time(work, 8, plan.Rates(**fast | {slow: rate}))
        for bound, expected in zip((found.select_bound, found.write_bound), bounds, strict=True):
            assert expected in (None, bound)
    half = plan.time(work, 4, plan.Rates(**fast | {"write": 1e9}))
    assert half.write == 2 * plan.time(work, 8, plan.Rates(**fast | {"write": 1e9})).write
    assert half.write == (88 << 30) / 4e9
