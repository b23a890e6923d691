"""Grading a class: `labkit grade` and stock `nbgrader autograde` on the same files."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from benchmarks.compare import Claim
from labkit.checks import REGISTRY
from labkit.labs.workspace import start_labs

ROOT = Path(__file__).parent.parent
LAB = "pruning"
STOCK, OURS = (10,), (10, 100, 300)  # submissions
_SEED = "benchmark"


def run() -> Claim:
    """Grade classes of several sizes; every second student has the last exercise open."""
    rows, data = [], []
    for way, sizes in (("nbgrader autograde", STOCK), ("labkit grade", OURS)):
        for size in sizes:
            seconds = _seconds(way, size)
            data.append({"way": way, "submissions": size, "seconds": seconds})
            rows.append((way, str(size), f"{seconds:.0f}", f"{seconds / size:.2f}"))
            print(*rows[-1], sep=", ", file=sys.stderr, flush=True)
    stock = data[0]["seconds"] / STOCK[0]  # each submission starts a kernel of its own
    ours = {entry["submissions"]: entry["seconds"] for entry in data[len(STOCK) :]}
    shares = {size: seconds / (stock * size) for size, seconds in ours.items()}
    said = ", ".join(f"{share:.2f} × at {size}" for size, share in shares.items())
    return Claim(
        "Grading a class",
        ("way", "submissions", "seconds", "per submission"),
        tuple(rows),
        f"The lab `{LAB}`, {_exercises()} exercises; half of the submissions are right, half have "
        "one exercise open. Seconds from the command to scores in the gradebook, with the start "
        "of Python; each class is graded once. `labkit grade` runs each submission in a sandbox, "
        "on all cores; nbgrader runs one after the other and has no sandbox. nbgrader was timed on "
        f"{STOCK[0]} submissions only and its cost taken as constant for each.",
        (("time to grade a class", "`nbgrader autograde`", said),),
        {"classes": data},
    )


def _seconds(way: str, size: int) -> float:
    """Seconds to grade a class; its scores must be right."""
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder)
        expected = make_course(course, size)
        program = {"labkit grade": ["labkit.cli", "grade"]}.get(way, ["nbgrader", "autograde"])
        start = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", *program, LAB],
            cwd=course,
            env=environment(course),
            capture_output=True,
            text=True,
        )
        seconds = time.perf_counter() - start
        if done.returncode:
            raise RuntimeError(f"{way}: {done.stderr[-2000:]}")
        found = scores(course)
        if found != expected:
            wrong = {s: p for s, p in found.items() if expected.get(s) != p}
            raise RuntimeError(f"{way}: other scores than expected: {wrong}")
    return seconds


def environment(course: Path) -> dict[str, str]:
    """Variables that a command is run with: this labkit, a seed, no settings of the user's own."""
    own = {"LABKIT_GRADING_SEED": _SEED, "PYTHONPATH": str(ROOT)}
    return os.environ | own | {"JUPYTER_CONFIG_DIR": str(course / "work")}


def make_course(root: Path, size: int) -> dict[str, float]:
    """Make a course that has released the lab and collected a class; returns the scores."""
    shutil.copytree(ROOT / "solutions" / LAB, root / "solutions" / LAB)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    released = [sys.executable, "-m", "nbgrader", "generate_assignment", LAB]
    subprocess.run(released, cwd=root, check=True, capture_output=True)
    release = nbformat.read(start_labs([LAB], root / "work")[0].path, as_version=4)
    answers = _right_answers()
    full = float(sum(e.points for e in REGISTRY.values() if e.lab == LAB))
    last = [exercise for exercise in REGISTRY.values() if exercise.lab == LAB][-1]
    expected = {}
    for number in range(size):
        student, whole = f"student{number:03d}", number % 2 == 0
        for cell in release.cells:
            if cell.id in answers and (whole or cell.id != f"{last.grade_id}-answer"):
                cell.source = f"# {student}\n{answers[cell.id]}"
            elif cell.id in answers:
                cell.source = (
                    f"# {student}\ndef {last.function}(*_):\n    raise NotImplementedError"
                )
        path = root / "submitted" / student / LAB / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(release, path)
        expected[student] = full if whole else full - last.points
    return expected


def _right_answers() -> dict[str, str]:
    """The answers of the solved lab, by the ids of their cells."""
    right = nbformat.read(ROOT / f"solutions/{LAB}/{LAB}.ipynb", as_version=4)
    return {cell.id: cell.source for cell in right.cells if cell.id.endswith("-answer")}


def answered(student: str) -> bytes:
    """The released notebook of the lab with the right answers of one student."""
    release = nbformat.read(ROOT / f"exercises/{LAB}/{LAB}.ipynb", as_version=4)
    answers = _right_answers()
    for cell in release.cells:
        if cell.id in answers:
            cell.source = f"# {student}\n{answers[cell.id]}"
    return nbformat.writes(release).encode()


def scores(course: Path) -> dict[str, float]:
    """Points of each student in the gradebook."""
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db", "llm-sparsity-lab") as book:
        return {s.student_id: s.score for s in book.assignment_submissions(LAB)}


def _exercises() -> int:
    return sum(exercise.lab == LAB for exercise in REGISTRY.values())
