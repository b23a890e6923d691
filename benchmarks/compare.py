"""Measure two ways of doing the same thing, each in its own process, in turn."""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One claim: median seconds and extra peak memory (MB) of ours and of the peer."""

    claim: str
    peer: str
    our_seconds: float
    peer_seconds: float
    our_memory: float
    peer_memory: float

    @property
    def speed_ratio(self) -> float:
        """How many times faster ours is."""
        return self.peer_seconds / self.our_seconds

    @property
    def memory_ratio(self) -> float:
        """Ours as a share of the peer's extra memory."""
        return self.our_memory / self.peer_memory


def in_turn(claim: str, peer: str, module: str, runs: int = 3) -> Row:
    """Run `python -m module ours` and `... peer` alternately, `runs` times each."""
    found: dict[str, list[tuple[float, float]]] = {"ours": [], "peer": []}
    for _ in range(runs):
        for which in found:
            command = [sys.executable, "-m", module, which]
            out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            seconds, memory = out.split()[-2:]
            found[which].append((float(seconds), float(memory)))
    medians = [
        statistics.median(pair[column] for pair in found[which])
        for column in (0, 1)
        for which in ("ours", "peer")
    ]
    return Row(claim, peer, *medians)


def report(work: Callable[[], object]) -> None:
    """Run `work` once; print its seconds and by how many MB it raised the peak memory."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(seconds, (after - before) / 1024)
