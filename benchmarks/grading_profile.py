"""Where the time of `labkit check`, and of a submission in `labkit grade`, goes.

`python -P benchmarks/grading_profile.py check` and `… grade`, with the root in PYTHONPATH, measure
in a process of their own, and print what they found as JSON.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from benchmarks.compare import Claim  # imports torch, and this measures that import

ROOT = Path(__file__).parent.parent
LAB = "pruning"
RUNS, SUBMISSIONS = 5, 8
_SOLVED = ROOT / "solutions" / LAB / f"{LAB}.ipynb"


def run() -> Claim:
    """Both in processes of their own, the check several times."""
    data: dict[str, Any] = {"check": [_child("check") for _ in range(RUNS)]}
    data["whole"] = [_whole_check() for _ in range(RUNS)]
    data["grade"] = _child("grade")
    return claim(data)


def claim(data: dict[str, Any]) -> Claim:
    """The tables that follow from what was measured."""
    from benchmarks.compare import Claim, Table

    whole = statistics.median(data["whole"])
    stages = {}
    for name in data["check"][0]:
        took = [[one[name][number] for one in data["check"]] for number in (0, 1)]
        stages[name] = [statistics.median(seconds) for seconds in took]
    rows = [
        (name, f"{clock:.2f}", f"{own:.2f}", f"{clock / whole:.0%}")
        for name, (clock, own) in stages.items()
        if clock > 0.005  # IPython may have come with transformers
    ]
    rest = whole - sum(clock for clock, _ in stages.values())
    rows += [
        ("start of Python, and its end", f"{rest:.2f}", "", f"{rest / whole:.0%}"),
        ("the command, whole", f"{whole:.2f}", "", "100%"),
    ]
    one = data["grade"]
    graded = tuple((name, *(f"{seconds:.2f}" for seconds in found)) for name, found in one.items())
    return Claim(
        title="Where the time of checks goes",
        columns=("`labkit check`", "seconds", "of them computing here", "share"),
        rows=tuple(rows),
        note=f"The solved lab `{LAB}`. Above: medians of {RUNS} processes that do what `labkit "
        f"check` does, and of {RUNS} runs of the command. The cells and answers run in a fork, "
        "which computes while this process waits. Below: one worker of `labkit grade`, with the "
        f"sandbox and without the cluster; means of {SUBMISSIONS} submissions behind the first. "
        "The first one's time holds all imports, here and in the sandbox.",
        data=data,
        more=(
            Table(
                "Where the time of a submission goes",
                ("submission", "seconds", "computing in the worker", "in the sandbox"),
                graded,
            ),
        ),
    )


def _child(what: str) -> dict[str, Any]:
    # Not by -m, which would import what all benchmarks need, torch among it.
    command = [sys.executable, "-P", __file__, what]
    done = subprocess.run(
        command, cwd=ROOT, env=_environment(), check=True, stdout=subprocess.PIPE, text=True
    )
    return json.loads(done.stdout.splitlines()[-1])


def _whole_check() -> float:
    start = time.perf_counter()
    command = [sys.executable, "-m", "labkit.cli", "check", str(_SOLVED)]
    subprocess.run(command, cwd=ROOT, env=_environment(), check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


class _Stages:
    """Seconds of each stage by the clock, and of processor time of this process."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[float, float]] = {}
        self._before = time.perf_counter(), time.process_time()

    def end(self, name: str) -> None:
        now = time.perf_counter(), time.process_time()
        spent = self.found.get(name, (0.0, 0.0))
        pairs = zip(spent, now, self._before, strict=True)
        self.found[name] = tuple(so_far + here - before for so_far, here, before in pairs)
        self._before = now


def check() -> dict[str, tuple[float, float]]:
    """The stages of `labkit check`, in its order."""
    import gc

    stages = _Stages()
    importlib.import_module("labkit.cli")
    from labkit.own_process import import_no_more_than_needed

    import_no_more_than_needed()
    stages.end("import of the command")
    import nbformat

    from labkit.grading.submissions.own_file import read_own_file

    own = read_own_file(_SOLVED)
    stages.end("notebook read and put together")
    from labkit.checks import VISIBLE_SEED, Exercise
    from labkit.checks.process import forked
    from labkit.checks.process.submission import Submission

    gc.disable()  # as `Forked` does
    for name in forked._SHARED:
        importlib.import_module(name)
        stages.end(f"import of {name.partition('.')[0]}")
    gc.enable()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder, f"{own.lab}.ipynb")
        path.write_text(nbformat.writes(own.notebook), encoding="utf-8")
        with forked.Forked() as host, Submission(path, host=host) as submission:
            tasks = (task for task in submission.tasks if isinstance(task, Exercise))
            for task in submission.in_order(tasks):
                submission.grade(task, VISIBLE_SEED)
            submission.finish()
        stages.end("fork, cells and exercises")
    return stages.found


def grade() -> dict[str, tuple[float, float, float]]:
    """Seconds of the first submission in a sandbox, and of those that follow; see `_timed`."""
    began = time.perf_counter(), time.process_time()
    from benchmarks.grading import answered
    from labkit.checks.registry import libraries_of
    from labkit.grading.running.hosts import open_host
    from labkit.grading.sandbox.limits import Limits

    submissions = [answered(f"student{number}") for number in range(SUBMISSIONS + 1)]
    with open_host(Limits(), libraries=libraries_of(LAB).answers) as host:
        host = _Watching(host)
        first = _timed(host, submissions[0], began)
        later = [_timed(host, one) for one in submissions[1:]]
    means = [statistics.fmean(column) for column in zip(*later, strict=True)]
    return {"the first, with the start": first, "each of the others": tuple(means)}


def _timed(
    host: Any, data: bytes, began: tuple[float, float] | None = None
) -> tuple[float, float, float]:
    """Seconds by the clock, and of processor time here and in the process of the submission."""
    from labkit.grading.running.one_submission import grade_one
    from labkit.grading.submissions.outcomes import Handed

    clock, own = began or (time.perf_counter(), time.process_time())
    source = _SOLVED.read_text("utf-8")
    outcome = grade_one(Handed(student="student", lab=LAB, data=data), source, 5, host)
    if outcome.points != outcome.out_of:
        raise RuntimeError(f"a right submission got {outcome.points}: {outcome.reason}")
    return time.perf_counter() - clock, time.process_time() - own, host.computed


class _Watching:
    """A host that looks, before it ends a process, how long that has computed."""

    def __init__(self, host: Any) -> None:
        self._host, self.computed = host, 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._host, name)

    def start(self, path: Path, without: Sequence[int] = ()) -> Any:
        """As `Host.start`."""
        import psutil

        running = self._host.start(path, without)
        kill = running.kill

        def look_and_kill() -> None:
            with contextlib.suppress(psutil.NoSuchProcess):
                times = running._first.cpu_times()
                self.computed = times.user + times.system
            kill()

        running.kill = look_and_kill
        return running


if __name__ == "__main__":
    print(json.dumps({"check": check, "grade": grade}[sys.argv[1]]()))
