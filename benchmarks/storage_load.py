"""load_sparse against from_pretrained of the dense file, RoBERTa-base."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.compare import Claim

LEVELS = (0.9, 0.95, 0.99)
RUNS = 7


def run() -> Claim:
    """In turn in one process, the files in the page cache; then once more with a cold cache."""
    import torch
    from transformers import AutoModelForSequenceClassification

    from benchmarks.storage import is_sparse
    from labkit import load_model, load_sparse, save_sparse
    from labkit.models.load import quiet

    rows, data, generator = [], [], torch.Generator().manual_seed(0)
    with tempfile.TemporaryDirectory() as folder, torch.inference_mode(), quiet():
        dense, sparse = Path(folder) / "dense", Path(folder) / "sparse"
        tokens = torch.arange(5, 37)[None]
        ways = {
            "load_sparse": lambda: load_sparse(sparse),
            "from_pretrained": lambda: AutoModelForSequenceClassification.from_pretrained(dense),
        }
        # numba comes last: load_sparse uses it where something else has loaded it.
        for cache in ("warm", "cold", "warm, with numba"):
            if cache == "cold" and not hasattr(os, "posix_fadvise"):
                continue
            if "numba" in cache:
                import numba  # noqa: F401
            for level in LEVELS:
                model = load_model("roberta", "random").model
                for key, tensor in model.state_dict().items():  # prune_global would load numba
                    if is_sparse(key, tensor):
                        tensor[torch.rand(tensor.shape, generator=generator) < level] = 0
                model.save_pretrained(dense)
                save_sparse(model, sparse)
                logits = [way()(input_ids=tokens).logits for way in ways.values()]
                assert torch.equal(*logits)
                files = [dense / "model.safetensors", sparse] if cache == "cold" else []
                taken = _alternate(ways, files)
                for name, (returned, ready) in taken.items():
                    found = {"returned": returned, "read": ready}
                    data.append({"way": name, "level": level, "cache": cache, **found})
                ours, peer = taken["load_sparse"], taken["from_pretrained"]
                milliseconds = (f"{seconds * 1000:.0f}" for seconds in (*ours, *peer))
                ratios = (f"{theirs / mine:.2f} ×" for theirs, mine in zip(peer, ours, strict=True))
                rows.append((f"{level:.0%}", cache, *milliseconds, *ratios))
    headline = (
        "load_sparse, RoBERTa-base until every weight is read, 90 / 95 / 99 %",
        "from_pretrained of the dense file",
        " / ".join(row[-1] for row in rows if row[1] == "warm").replace(" ×", "") + " × as fast",
    )
    return Claim(
        "Loading RoBERTa-base (125 M weights, 85 M of them pruned at random)",
        (
            "sparsity",
            "page cache",
            "load_sparse (ms)",
            "and read",
            "from_pretrained (ms)",
            "and read",
            "faster to return",
            "faster until read",
        ),
        tuple(rows),
        "In turn in one process, medians. from_pretrained only maps the dense file, so that its "
        "bytes are read and its pages set up at the first use of each weight; load_sparse unpacks "
        "and checks all of them. 'And read' therefore ends when each weight has been summed. Cold: "
        "the files were dropped from the page cache before each load. With numba: loaded by "
        "something else in the process, such as pruning or sparse execution.",
        (headline,),
        {"loads": data},
    )


def _alternate(ways: dict[str, Callable], cold: list[Path]) -> dict[str, tuple[float, float]]:
    """Median seconds until each way returns, and until every weight has been read."""
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in ways}
    for number in range(RUNS + 1):
        for name, way in ways.items():
            for file in cold:
                _drop(file)
            start = time.perf_counter()
            model = way()
            returned = time.perf_counter() - start
            for tensor in model.parameters():
                tensor.sum()
            ready = time.perf_counter() - start
            del model, tensor
            if number:
                found[name].append((returned, ready))
    return {
        name: tuple(statistics.median(column) for column in zip(*pairs, strict=True))
        for name, pairs in found.items()
    }


def _drop(path: Path) -> None:
    """Drop a file from the page cache; it must be on disk for that."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(handle)


if __name__ == "__main__":
    from benchmarks.__main__ import table

    claim = run()
    print("\n".join(table(claim.columns, claim.rows)))
