"""Prune a checkpoint from disk to disk: any size in little memory, on one machine or many."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from labkit.errors import InputError, SourceError
from labkit.files import replacing, replacing_folder
from labkit.pruning import thresholds
from labkit.pruning.files import shards
from labkit.pruning.files.checkpoint import Checkpoint, Tensor, open_checkpoint, prunable_tensors
from labkit.pruning.files.shards import Range
from labkit.pruning.masks import check_sparsity
from labkit.pruning.threads import cores
from labkit.pruning.thresholds import FORMATS, Bracket, Cut, Tally

Run = Callable[[Callable, Sequence[tuple]], Iterator[tuple[int, Any]]]
"""Calls a function with each of many arguments, anywhere; yields (number, result) in any order."""
Report = Callable[[str, int, int], None]
"""Called with (what is being done, bytes done, bytes in all)."""

GROUPS = 16  # runs of ranges whose histograms are kept apart, to tell where equal keys lie
_MAX_THREADS = 16  # each holds a piece, a histogram and keys to count: 7 MB


@dataclass(frozen=True)
class FilePruning:
    """What was done: `dropped` of the `total` weights in `tensors` were set to zero.

    `remark` says what of the blocks was left out, if that is more than 1 %.
    """

    checkpoint: Checkpoint
    tensors: tuple[Tensor, ...]
    dropped: int
    remark: str = ""

    @property
    def total(self) -> int:
        """Number of prunable weights."""
        return sum(tensor.size for tensor in self.tensors)


def prune_files(
    source: Path | str,
    out: Path | str,
    sparsity: float,
    *,
    include: str | None = None,
    force: bool = False,
    run: Run | None = None,
    report: Report | None = None,
) -> FilePruning:
    """Write a pruned copy of a checkpoint, the same to the bit as `prune_global` would make.

    Two readings and one writing: one pass finds the threshold (see `pruning.thresholds`), another
    writes.  Memory does not grow with the checkpoint.

    Args:
        source: a safetensors file, or a folder as of `save_pretrained`, sharded or not.
        out: file or folder to write; it appears whole at the end or not at all.
        sparsity: fraction of zeros over the prunable weights, 0 to 1.
        include: regular expression that chooses the tensors; see `prunable_tensors`.
        force: replace `out` if it is there.
        run: where the tasks run; default: threads of this process.  See `cluster`.
        report: told about progress.

    Raises:
        InputError: bad sparsity, `out` is there or is `source`, NaN or infinite weights.
        SourceError: a missing or damaged file, or no room for the copy.
    """
    checkpoint = open_checkpoint(source)
    out = Path(out).absolute()  # workers may stand in another folder
    sparsity = check_sparsity(sparsity)
    _check_place(checkpoint, out, force)
    tensors = prunable_tensors(checkpoint, include)
    place = replacing if checkpoint.path.is_file() else replacing_folder
    with place(out) as temporary:
        for file in checkpoint.others:
            shutil.copyfile(file, temporary / file.name)
        folder = checkpoint.path.is_dir()
        targets = {
            file: temporary / file.name if folder else temporary for file in checkpoint.files
        }
        for file, target in targets.items():
            with target.open("wb") as empty:
                empty.truncate(file.stat().st_size)
        with in_threads() as here:
            dropped = _prune(checkpoint, tensors, sparsity, targets, run or here, report)
    return FilePruning(checkpoint, tuple(tensors), dropped, tensors.remark)


def _check_place(checkpoint: Checkpoint, out: Path, force: bool) -> None:
    source, target = checkpoint.path.resolve(), out.resolve()
    if source == target or source in target.parents or target in source.parents:
        raise InputError(f"{out} and {checkpoint.path} overlap: write to another place")
    if out.exists() and not force:
        raise InputError(f"{out} is there already: choose another place, or replace it (--force)")
    if out.exists() and out.is_dir() != checkpoint.path.is_dir():
        raise InputError(f"{out} and {checkpoint.path} must both be files or both be folders")
    parent = next(folder for folder in target.parents if folder.exists())
    free = shutil.disk_usage(parent).free
    if free < checkpoint.bytes:
        raise SourceError(
            f"{out} needs {checkpoint.bytes / 1e6:,.1f} MB, and {parent} has {free / 1e6:,.1f} MB "
            "free: free space or write elsewhere"
        )


@contextmanager
def in_threads() -> Iterator[Run]:
    """Run tasks in threads of this process; what has not begun is dropped on an error."""
    pool = ThreadPoolExecutor(min(cores(), _MAX_THREADS))
    try:
        yield lambda function, jobs: enumerate(pool.map(function, *zip(*jobs, strict=True)))
    finally:
        pool.shutdown(cancel_futures=True)


def _prune(
    checkpoint: Checkpoint,
    tensors: Sequence[Tensor],
    sparsity: float,
    targets: dict[Path, Path],
    run: Run,
    report: Report | None,
) -> int:
    """Select, then write; returns how many weights were dropped."""

    def reported(what: str, function: Callable, jobs: list[tuple]) -> Iterator[tuple[int, Any]]:
        done, whole = 0, sum(job[0].bytes for job in jobs)
        for number, result in run(function, jobs):
            done += jobs[number][0].bytes
            if report:
                report(what, done, whole)
            yield number, result

    ranges = shards.split(tensors)
    form = shards.common_format(tensor.dtype for tensor in tensors)
    total = sum(tensor.size for tensor in tensors)
    rank = round(sparsity * total)
    cuts = _cuts(ranges, form, rank, total, reported)
    jobs = [
        (place, form, cut, targets[place.file]) for place, cut in zip(ranges, cuts, strict=True)
    ]
    others = shards.rest(checkpoint, tensors)
    jobs += [(place, form, Cut(0, 0), targets[place.file]) for place in others]
    dropped = sum(number for _, number in reported("write", shards.write, jobs))
    if dropped != rank:
        raise SourceError(f"{checkpoint.path} changed while it was read: run the command again")
    return dropped


def _cuts(
    ranges: list[Range], form: str, rank: int, total: int, run: Callable[..., Iterator]
) -> list[Cut]:
    """What to drop of each range, so that it is the `rank` smallest of all together.

    Ranges before the last dropped one of several equal weights lose all of these, those behind it
    none.  The histograms of the last pass tell in which group of ranges that is; only that group
    is read once more.
    """
    groups: dict[int, Tally] = {}
    brackets: list[Bracket] = []

    def group(number: int) -> int:
        return number * GROUPS // len(ranges)

    def count(wanted: list[Bracket]) -> Tally:
        groups.clear()
        brackets[:] = wanted
        for number, tally in run("select", shards.count, [(p, form, wanted) for p in ranges]):
            if tally.invalid:
                raise InputError(
                    f"{ranges[number].name} in {ranges[number].file} holds NaN or infinite "
                    "values: their magnitude cannot be ranked. Fetch the checkpoint again."
                )
            own = group(number)
            groups[own] = groups[own].plus(tally) if own in groups else tally
        return reduce(Tally.plus, groups.values())

    infinity = FORMATS[form].infinity
    guesses = thresholds.guess(shards.sample(ranges, form), FORMATS[form], [rank / total])
    [cut] = thresholds.thresholds(count, infinity, [rank], guesses)
    if not cut.ties:
        return [cut] * len(ranges)
    left = cut.ties
    for last in sorted(groups):
        tied = int(groups[last].inside[0, cut.key - brackets[0].low])
        if tied >= left:
            break
        left -= tied
    inside = [number for number in range(len(ranges)) if group(number) == last]
    bracket = [Bracket(cut.key, cut.key + 1)]
    again = run("select", shards.count, [(ranges[number], form, bracket) for number in inside])
    equal = {inside[number]: int(tally.inside[0, 0]) for number, tally in again}
    cuts = []
    for number in range(len(ranges)):
        if number in equal:
            cuts.append(Cut(cut.key, min(left, equal[number])))
            left -= cuts[-1].ties
        else:
            cuts.append(Cut(cut.key + 1, 0) if group(number) < last else Cut(cut.key, 0))
    return cuts
