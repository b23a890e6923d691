"""Measure several ways of doing the same thing in turn, and write down what was found."""

from __future__ import annotations

import json
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any, NamedTuple

from labkit.execution.processor import instruction_sets_text
from labkit.files import write_text
from labkit.pruning.threads import cores

RESULTS = Path(__file__).parent / "results"


class Table(NamedTuple):
    """One more table of a claim, as text."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Claim:
    """The table that backs one claim.

    `columns` and `rows` are text as printed; `note` says how it was measured; `headlines` are the
    lines that the README quotes, each (what, compared with, result); `data` holds raw figures for
    plots, as JSON takes them; `more` tables follow the first.
    """

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    headlines: tuple[tuple[str, str, str], ...] = ()
    data: dict[str, Any] = field(default_factory=dict)
    more: tuple[Table, ...] = ()


@dataclass(frozen=True)
class Sample:
    """Medians of several runs: seconds, and MB by which the peak memory rose."""

    seconds: float
    memory: float


def in_turn(module: str, ways: Sequence[str], runs: int = 3) -> dict[str, Sample]:
    """Run `python -m module WAY` for each way in turn, `runs` times, each in its own process.

    The module prints seconds and MB last, as `report` does.
    """
    found: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
    for _ in range(runs):
        for way in ways:
            command = [sys.executable, "-m", *module.split(), *way.split()]
            out = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
            seconds, memory = out.split()[-2:]
            found[way].append((float(seconds), float(memory)))
    return {
        way: Sample(*(statistics.median(column) for column in zip(*pairs, strict=True)))
        for way, pairs in found.items()
    }


def report(work: Callable[[], object]) -> None:
    """Run `work` once; print its seconds and by how many MB its peak memory passes the start's."""
    before = peak_memory(reset=True)
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    print(seconds, (peak_memory() - before) / 1e6)


def peak_memory(reset: bool = False) -> int:
    """Peak of the resident memory in bytes; with `reset` it is counted anew from what is held now.

    Loading a model may reach higher than what is measured afterwards, and a new process inherits
    the peak of the one that started it: so the plain `ru_maxrss` would hide what `work` takes.
    """
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    if reset:
        Path("/proc/self/clear_refs").write_text("5")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def alternate(
    ways: Mapping[str, Callable[[], object]], runs: int = 7, warmup: int = 2, pause: float = 0
) -> dict[str, float]:
    """Median seconds of each way, called in turn in this process, after `warmup` rounds.

    Before each call `pause` seconds go by: threads of the way before may still wait for work.
    """
    found: dict[str, list[float]] = {way: [] for way in ways}
    for number in range(warmup + runs):
        for way, work in ways.items():
            time.sleep(pause)
            start = time.perf_counter()
            work()
            seconds = time.perf_counter() - start
            if number >= warmup:
                found[way].append(seconds)
    return {way: statistics.median(seconds) for way, seconds in found.items()}


def machine() -> str:
    """One line that says what the figures were measured on."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in ("torch", "numba", "numpy"))
    sets = instruction_sets_text()
    system = f"{platform.machine()}{_processor()}: {sets}; {cores()} cores, {platform.system()}"
    return f"{system}, Python {platform.python_version()}, {versions}"


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f" ({names[0]})" if names else ""


def save(name: str, claim: Claim) -> None:
    """Keep a claim under benchmarks/results/, with the machine it was measured on."""
    text = json.dumps({**asdict(claim), "machine": machine()}, indent=1, ensure_ascii=False)
    write_text(RESULTS / f"{name}.json", text + "\n")


def resumed(name: str, resume: bool) -> dict[str, Any]:
    """Data that an earlier run of a claim has saved on this machine; nothing unless `resume`."""
    found = saved(name) if resume else None
    return found[0].data if found and found[1] == machine() else {}


def saved(name: str) -> tuple[Claim, str] | None:
    """The claim last saved under a name and its machine; None if there is none."""
    path = RESULTS / f"{name}.json"
    if not path.exists():
        return None
    found = json.loads(path.read_text(encoding="utf-8"))
    where = found.pop("machine")
    for key in ("rows", "headlines"):
        found[key] = tuple(tuple(row) for row in found[key])
    found["columns"] = tuple(found["columns"])
    found["more"] = tuple(
        Table(title, tuple(columns), tuple(map(tuple, rows)))
        for title, columns, rows in found.get("more", ())
    )
    return Claim(**found), where
