"""Grading classes of 10 to 1,000: time for each submission, and memory of every process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from benchmarks import grading
from benchmarks.compare import Claim, resumed, save

SIZES = (10, 100, 300, 1000)
EVERY = 0.1
"""Seconds between two looks at the memory of the processes."""


def run(resume: bool = False) -> Claim:
    """Each size once; what is done is saved after each.

    `resume`: sizes that an earlier run on this machine has saved are not graded again.
    """
    data = resumed("grading_scale", resume)
    data.setdefault("classes", [])
    for size in SIZES:
        if all(one["submissions"] != size for one in data["classes"]):
            data["classes"].append(measure(size))
            save("grading_scale", claim(data))
            print(data["classes"][-1], file=sys.stderr, flush=True)
    return claim(data)


def claim(data: dict[str, Any]) -> Claim:
    """The table that follows from what was measured."""
    rows = tuple(
        (
            f"{one['submissions']:,}",
            f"{one['seconds']:.0f}",
            f"{one['seconds'] / one['submissions']:.2f}",
            f"{one['first']:.1f}",
            f"{one['graded'] / one['submissions']:.2f}",
            f"{one['recorded'] / one['submissions']:.2f}",
            f"{one['reported']:.1f}",
            f"{one['main'] / 1e6:.0f}",
            f"{one['worker'] / 1e6:.0f}",
            f"{one['page'] / 1e6:.2f}",
        )
        for one in data["classes"]
    )
    return Claim(
        "Grading as the class grows",
        (
            "submissions",
            "seconds",
            "per submission",
            "first result after (s)",
            "graded, each (s)",
            "recorded, each (s)",
            "report (s)",
            "peak of the main process (MB)",
            "of the largest other (MB)",
            "report (MB)",
        ),
        rows,
        f"The lab `{grading.LAB}`: every second submission has one exercise open, every tenth is "
        "damaged, and no two are the same bytes. Seconds from the command to its end, with the "
        "start of Python; each class is graded once, in the sandbox, on all cores. Graded: until "
        "the last outcome was kept, the start included. The main process holds the class, the "
        "scheduler and the report; the others are the workers, which grade, and what they start. "
        f"Memory is resident; of the others it was looked at every {EVERY:g} s.",
        (),
        data,
    )


def measure(size: int) -> dict[str, Any]:
    """Grade one class; seconds, and bytes of memory, each as the claim explains it.

    Raises:
        RuntimeError: the command failed, or the scores are others than they should be.
    """
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        course = Path(folder)
        expected = grading.make_course(course, size)
        damaged = [student for number, student in enumerate(expected) if number % 10 == 9]
        for student in damaged:
            path = course / "submitted" / student / grading.LAB / f"{grading.LAB}.ipynb"
            path.write_text("no notebook\n", encoding="utf-8")
            expected[student] = 0.0
        out = course / "graded" / grading.LAB
        start = time.perf_counter()
        running = subprocess.Popen(
            [sys.executable, "-m", "labkit.cli", "grade", grading.LAB],
            cwd=course,
            env=grading.environment(course),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        watched = _Watched(running.pid, out / "outcomes", start)
        errors = running.communicate()[1]
        seconds = time.perf_counter() - start
        watched.end()
        if running.returncode:
            raise RuntimeError(f"labkit grade: {errors[-2000:]}")
        found = grading.scores(course)
        if found != expected:
            wrong = {s: p for s, p in found.items() if expected.get(s) != p}
            raise RuntimeError(f"other scores than expected: {wrong}")
        times = sorted(path.stat().st_mtime for path in (out / "outcomes").glob("*.json"))
        began = time.time() - (time.perf_counter() - start)  # by the clock of files
        graded = times[-1] - began
        recorded = (out / "scores.csv").stat().st_mtime - began
        return {
            "submissions": size,
            "seconds": seconds,
            "first": watched.first,
            "graded": graded,
            "recorded": recorded - graded,
            "reported": seconds - recorded,
            "main": watched.main,
            "worker": watched.other,
            "page": (out / "report.html").stat().st_size,
        }


class _Watched:
    """Peaks of the memory of a process and of its descendants, and when the first result came."""

    def __init__(self, pid: int, outcomes: Path, start: float) -> None:
        self.main = self.other = 0
        self.first = float("nan")
        self._ended = threading.Event()
        self._arguments = (pid, outcomes, start)
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        import psutil

        pid, outcomes, start = self._arguments
        process = psutil.Process(pid)
        while not self._ended.wait(EVERY):
            if self.first != self.first and any(outcomes.glob("*.json")):
                self.first = time.perf_counter() - start
            try:
                self.main = max(self.main, process.memory_info().rss)
                others = process.children(recursive=True)
            except psutil.NoSuchProcess:
                return
            for other in others:
                try:
                    self.other = max(self.other, other.memory_info().rss)
                except psutil.NoSuchProcess:
                    continue


if __name__ == "__main__":
    print(measure(int(sys.argv[1])))
