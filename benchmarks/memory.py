"""Resident memory of a running RoBERTa, sparse and dense, each in a process of its own.

`python -m benchmarks.memory WAY FILE` measures one way in this process, part by part.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.compare import Claim

LEVEL = 0.95
BATCH, LENGTH = 8, 128
RUNS = 3
DENSE, SPARSE = "dense", "sparse"
WAYS = (DENSE, SPARSE)

PARTS = (
    ("python", "Python"),
    ("torch", "torch"),
    ("model class", "transformers, with RoBERTa's class"),
    ("kernel", "numba and the kernel"),
    ("weights", "weights, as they are run"),
    ("passes", "activations and what they leave"),
)


def run() -> Claim:
    """Each way in turn, `RUNS` times; medians of each part."""
    found: dict[str, list[dict[str, Any]]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory() as folder:
        files = make_files(Path(folder))
        for _ in range(RUNS):
            for way in WAYS:
                found[way].append(_in_own_process(way, files[DENSE if way == DENSE else SPARSE]))
    return claim(found)


def claim(found: dict[str, list[dict[str, Any]]]) -> Claim:
    """The table: what each part adds, and the whole over the dense one."""
    from benchmarks.compare import Claim  # the processes that are measured do without it

    best = {
        way: {key: sorted(one[key] for one in runs)[len(runs) // 2] for key in runs[0]}
        for way, runs in found.items()
    }
    rows = []
    for number, (part, title) in enumerate(PARTS):
        before = PARTS[number - 1][0] if number else None
        added = (one[part] - (one[before] if before else 0) for one in best.values())
        rows.append((title, *(f"{megabytes / 1e6:.0f}" for megabytes in added)))
    whole = {way: one[PARTS[-1][0]] for way, one in best.items()}
    base = {way: one["kernel"] for way, one in best.items()}
    rows += [
        ("all, running", *(f"{one / 1e6:.0f}" for one in whole.values())),
        ("of these in files, mapped", *(f"{one['mapped'] / 1e6:.0f}" for one in best.values())),
        ("over the dense one's", *(f"{one / whole[DENSE]:.2f} ×" for one in whole.values())),
        (
            "the same without Python and libraries",
            *(
                f"{(one - base[way]) / (whole[DENSE] - base[DENSE]):.2f} ×"
                for way, one in whole.items()
            ),
        ),
        ("peak on the way", *(f"{one['peak'] / 1e6:.0f}" for one in best.values())),
    ]
    return Claim(
        title=f"Resident memory of a running RoBERTa-base, {BATCH} × {LENGTH} tokens (MB)",
        columns=("part", *WAYS),
        rows=tuple(rows),
        note=f"Sparse: {LEVEL:.0%} zeros, loaded with load_sparse and run through sparse_linear "
        "(calibrate=False); dense: the same weights, loaded with from_pretrained, which maps the "
        "file. Each way in processes of its own, medians of "
        f"{len(found[DENSE])}; each part is what the resident memory rises by, read after a "
        "collection of garbage. Pages of mapped files count: code of libraries, and weights that "
        "are used where they lie in the file. With Python and libraries as they are, the dense "
        f"one's {base[DENSE] / 1e6:.0f} MB, no sparse model could take less than "
        f"{base[SPARSE] / whole[DENSE]:.2f} of the dense one's memory, were its weights and "
        "activations nothing at all.",
        headlines=(
            (
                f"running RoBERTa, {LEVEL:.0%} zeros, resident memory without libraries",
                "dense, from_pretrained",
                f"{(whole[SPARSE] - base[SPARSE]) / (whole[DENSE] - base[DENSE]):.2f} × "
                f"({whole[SPARSE] / whole[DENSE]:.2f} × with Python, torch and transformers)",
            ),
        ),
        data=found,
    )


def make_files(folder: Path) -> dict[str, Path]:
    """The pruned model as `save_pretrained` and as `save_sparse` write it."""
    from labkit import load_model, prune_global, save_sparse

    files = {DENSE: folder / "dense", SPARSE: folder / "pruned.sparse"}
    model = load_model("roberta", "random").model
    prune_global(model, LEVEL)
    model.save_pretrained(files[DENSE])
    save_sparse(model, files[SPARSE])
    return files


def _in_own_process(way: str, file: Path) -> dict[str, int]:
    command = [sys.executable, "-m", "benchmarks.memory", way, str(file)]
    out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(out.splitlines()[-1])


def measure(way: str, file: str) -> dict[str, int]:
    """Resident bytes after each part, in this process."""
    found = {"python": resident()}
    import torch

    found["torch"] = resident()
    from transformers import RobertaForSequenceClassification

    found["model class"] = resident()
    if way != DENSE:
        from labkit.execution import kernels, machine_code

        if not machine_code.compiled(
            kernels.LOOPS
        ).cached:  # compiling takes memory that a later process lacks
            print("compiled: run it again, for the kernel to come from the cache", file=sys.stderr)
    found["kernel"] = resident()
    if way == DENSE:
        model = RobertaForSequenceClassification.from_pretrained(file).eval()
    else:
        from labkit import load_sparse, sparse_linear

        model = load_sparse(file)
        sparse_linear(model, tokens=BATCH * LENGTH, calibrate=False)
    found["weights"] = resident()
    ids = torch.randint(3, 1000, (BATCH, LENGTH), generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        for _ in range(3):
            model(input_ids=ids, attention_mask=torch.ones_like(ids))
    found |= {"passes": resident(), "mapped": resident("RssFile"), "peak": resident("VmHWM")}
    return found


def resident(kind: str = "VmRSS") -> int:
    """Bytes of this process in memory: all, or "RssFile": pages of files."""
    import gc

    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    return 1024 * int(next(line.split()[1] for line in lines if line.startswith(kind)))


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
