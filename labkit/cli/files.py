"""Commands that turn checkpoint files into other files: prune."""

from __future__ import annotations

import sys
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer

from labkit.cli.app import INTERRUPTED, Stopped, app, level, print_table, progress


@app.command()
def prune(
    source: Annotated[
        Path, typer.Argument(metavar="IN", help="A safetensors file, or a checkpoint's folder.")
    ],
    out: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="File or folder to write.")
    ] = None,
    sparsity: Annotated[
        str, typer.Option(help="Share of zeros over the prunable weights: 0.9 or 90%.")
    ] = "0.9",
    include: Annotated[
        str | None,
        typer.Option(
            metavar="REGEX",
            help="Prune the tensors whose names match; default: the matrices in the model's blocks "
            "by config.json, or in a bare file the matrices with a number in their names.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the tensors that would be pruned.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace OUT if it is there.")] = False,
    workers: Annotated[
        int | None, typer.Option(help="Share the work among so many processes (Dask).")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Share the work on a Dask cluster, as tcp://host:8786; its workers must see IN "
            "and OUT under the same paths.",
        ),
    ] = None,
) -> None:
    """Prune a checkpoint from disk to disk, of any size in little memory.

    The smallest weights over all prunable tensors become zero, exactly as `prune_global` does it;
    dtypes, config and tokenizer stay as they are.  OUT appears whole or not at all.
    """
    from labkit.errors import InputError
    from labkit.pruning.files.prune_file import prune_files

    share = level(sparsity)
    if dry_run:
        _list(source, include)
        return
    if out is None:
        raise InputError("OUT is missing: labkit prune IN OUT")
    where = nullcontext()
    if workers is not None or scheduler is not None:
        from labkit.pruning.files.on_cluster import cluster

        where = cluster(scheduler, workers)
    start = time.monotonic()
    try:
        with where as run, progress("prune", unit="bytes") as report:
            done = prune_files(
                source, out, share, include=include, force=force, run=run, report=report
            )
    except KeyboardInterrupt:
        print(f"stopped. {out} was not written.", file=sys.stderr)
        raise Stopped(INTERRUPTED) from None
    for path in done.checkpoint.left_out:
        print(f"left out: {path}", file=sys.stderr)
    if done.remark:
        print(done.remark, file=sys.stderr)
    print(
        f"{done.dropped:,} of {done.total:,} weights in {len(done.tensors)} tensors are zero "
        f"({done.dropped / done.total:.2%}), {time.monotonic() - start:.1f} s"
    )
    print(f"written: {out}")


def _list(source: Path, include: str | None) -> None:
    import pandas as pd

    from labkit.pruning.files.checkpoint import open_checkpoint, prunable_tensors

    tensors = prunable_tensors(open_checkpoint(source), include)
    rows = [
        (t.name, t.dtype, " x ".join(map(str, t.shape)), f"{t.size:,}", t.file.name)
        for t in tensors
    ]
    columns = ["tensor", "dtype", "shape", "weights", "file"]
    print_table(f"Prunable in {source}", pd.DataFrame(rows, columns=columns))
    print(f"{sum(t.size for t in tensors):,} weights in {len(tensors)} tensors")
    if tensors.remark:
        print(tensors.remark, file=sys.stderr)
