"""What pruning a checkpoint on many machines reads, writes, sends and takes, on paper.

The counts follow from the sizes of the tensors alone, and are those of `prune_files` to the byte
but for headers; the time follows from rates that are stated, and is no better than these.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from labkit.pruning.files import prune_file, shards


@dataclass(frozen=True)
class Work:
    """Bytes and tasks of one pruning.

    `sampled` bytes are read by the program that asks, `selected` and `copied` by its workers, in
    the pass that counts and in the one that writes; `again` is what a threshold shared by several
    weights makes them read once more at most.  `histograms` are the bytes of counts that come back.
    """

    sampled: int
    selected: int
    again: int
    copied: int
    written: int
    select_tasks: int
    write_tasks: int
    histograms: int

    @property
    def read(self) -> int:
        """Bytes read at most."""
        return self.sampled + self.selected + self.again + self.copied


@dataclass(frozen=True)
class Rates:
    """What one machine, and what they share, gets done.

    `read` and `write` are bytes per second between a machine and the files, `count` and `cut` those
    that its cores go through in the two passes; `storage` is the most that the files' storage gives
    or takes for all machines together, `link` what reaches the program that asks, in bytes per
    second, and `tasks` how many a second the scheduler hands out.
    """

    read: float
    write: float
    count: float
    cut: float
    storage: float
    link: float
    tasks: float


@dataclass(frozen=True)
class Time:
    """Seconds of the two passes, and what bounds each: a name of `Rates`."""

    select: float
    select_bound: str
    write: float
    write_bound: str

    @property
    def seconds(self) -> float:
        """Both passes."""
        return self.select + self.write


def work(tensors: Sequence[int], others: Sequence[int], *, passes: int = 1, bins: int = 1) -> Work:
    """The work of `prune_files` on a checkpoint.

    Args:
        tensors: bytes of each tensor to prune.
        others: bytes of each run of the files that lies between those: headers, other tensors.
        passes: readings that find the threshold: one, unless the sample missed it.
        bins: keys between which the sample leaves the threshold: at most 2^18.
    """
    sizes, size = _ranges(tensors), sum(tensors)
    groups: dict[int, int] = {}
    for number, length in enumerate(sizes):
        group = number * prune_file.GROUPS // len(sizes)
        groups[group] = groups.get(group, 0) + length
    run = shards.RUN
    distance = max(run, size // shards.RUNS // 8 * 8)
    sampled = 0
    for length in sizes:
        last = (length - 1) // distance  # runs before the one that the end may cut short
        sampled += last * run + min(run, length - last * distance)
    tasks = passes * len(sizes)
    return Work(
        sampled=sampled,
        selected=passes * size,
        again=max(groups.values()),
        copied=size + sum(others),
        written=size + sum(others),
        select_tasks=tasks,
        write_tasks=len(sizes) + len(_ranges(others)),
        histograms=8 * bins * tasks,
    )


def time(work: Work, machines: int, rates: Rates) -> Time:
    """How long it takes if reading, computing, writing and sending go on at the same time."""

    def slowest(**seconds: float) -> tuple[float, str]:
        bound = max(seconds, key=seconds.__getitem__)
        return seconds[bound], bound

    read, written = work.selected + work.again, work.copied
    select, select_bound = slowest(
        read=read / machines / rates.read,
        count=read / machines / rates.count,
        storage=read / rates.storage,
        link=work.histograms / rates.link,
        tasks=work.select_tasks / rates.tasks,
    )
    write, write_bound = slowest(
        read=written / machines / rates.read,
        write=work.written / machines / rates.write,
        cut=written / machines / rates.cut,
        storage=(written + work.written) / rates.storage,
        tasks=work.write_tasks / rates.tasks,
    )
    return Time(select, select_bound, write, write_bound)


def _ranges(sizes: Sequence[int]) -> list[int]:
    """The bytes of each task that these sizes are cut into."""
    step = shards.RANGE
    return [min(step, size - start) for size in sizes for start in range(0, size, step)]
