"""`labkit grade` from the files of a class to nbgrader's gradebook and a report."""

import os
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import pytest
import warm
from notebooks import ROOT, cell, release, solved, to_bytes

from labkit.checks import REGISTRY
from labkit.files import only_one
from labkit.grading.sandbox.bubblewrap import problem

LAB = "pruning"
EXERCISES = [exercise for exercise in REGISTRY.values() if exercise.lab == LAB]
FULL = sum(exercise.points for exercise in EXERCISES)
FREE = [] if problem() is None else ["--unsafe-no-sandbox"]

HOSTILE = """
import os, signal, sys
from pathlib import Path
from labkit import checks

checks.points = lambda *_, **__: 99.0
for place in ("../..", "/proc/1/cwd", os.environ.get("PWD", ".")):
    for path in Path(place).rglob("gradebook.db"):
        path.write_bytes(b"")
print("6.0")
sys.modules["torch"] = None
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    root = tmp_path_factory.mktemp("course")
    for folder in ("solutions", "exercises"):
        shutil.copytree(ROOT / folder / LAB, root / folder / LAB)
    shutil.copy(ROOT / "nbgrader_config.py", root)
    half, hostile = solved(LAB), release(LAB)
    for exercise in EXERCISES[1:]:
        id = f"{exercise.grade_id}-answer"
        cell(half, id).source = cell(hostile, id).source
    hostile.cells.append(nbformat.v4.new_code_cell(HOSTILE))
    class_ = {
        "ada": to_bytes(solved(LAB)),
        "ben": to_bytes(release(LAB)),
        "cleo": b'{"cells": [',
        "dora": to_bytes(half),
        "eve": to_bytes(hostile),
    }
    for student, data in class_.items():
        path = root / "submitted" / student / LAB / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
    (root / "submitted" / "ada" / LAB / "submission_secret.txt").write_text("of the exchange")
    return root


def _command(course, *arguments, start=warm.command):
    environment = os.environ if start is warm.command else warm.environment()
    return {
        "args": start("labkit.cli", "grade", *arguments),
        "cwd": course,
        "env": {k: v for k, v in environment.items() if k != "LABKIT_GRADING_SEED"}
        | {"PYTHONPATH": str(ROOT), "COLUMNS": "200"},
        "text": True,
    }


def _python(module, *arguments):
    return [sys.executable, "-m", module, *arguments]


def _grade(course, *arguments):
    return subprocess.run(**_command(course, *arguments), capture_output=True, timeout=500)


@pytest.mark.slow
def test_a_class_from_files_to_grades(course):
    outcomes = course / "graded" / LAB / "outcomes"
    # A signal to the whole group comes to no fork.
    command = _command(course, LAB, "--seed", "ours", "--workers", "1", *FREE, start=_python)
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "start_new_session": True}
    run = subprocess.Popen(**command, **pipes)
    deadline = time.monotonic() + 300
    while not (outcomes.is_dir() and list(outcomes.glob("*.json"))) and run.poll() is None:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for _ in range(5):  # quick ones, as Ctrl-C on a terminal does it
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGINT)
            time.sleep(0.1)
    _, said = run.communicate(timeout=120)
    kept = len(list(outcomes.glob("*.json")))
    assert run.returncode == 130 and f"{kept} of 5 outcomes are kept" in said, said
    assert "Traceback" not in said
    assert not (course / "gradebook.db").exists()

    before = {path: path.stat().st_mtime_ns for path in outcomes.iterdir()}
    done = _grade(course, LAB, "--seed", "ours", "--workers", "1", *FREE)
    assert done.returncode == 0, done.stderr
    assert "warning" not in done.stderr
    rows = {line.split()[0]: line.split() for line in done.stdout.splitlines() if line.split()}
    points = {"ada": FULL, "ben": 0, "cleo": 0, "dora": EXERCISES[0].points, "eve": 0}
    assert {student: float(rows[student][2]) for student in points} == points
    assert rows["ada"][1] == rows["ben"][1] == "graded" and rows["cleo"][1] == "unreadable"
    assert "JSON breaks at line 1" in done.stdout
    assert "5 recorded in " in done.stdout
    assert len(before) == kept
    assert (course / "graded" / LAB / "report.html").is_file()
    assert _scores(course) == points
    secret = course / "autograded" / "ada" / LAB / "submission_secret.txt"
    assert secret.read_text() == "of the exchange"

    again = _grade(course, LAB, "--seed", "ours", "--only", "dora")
    assert again.returncode == 0, again.stderr
    assert "0 recorded in " in again.stdout and "ada" not in again.stdout


def _scores(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db", "llm-sparsity-lab") as book:
        return {s.student_id: s.score for s in book.assignment_submissions(LAB)}


def test_what_cannot_be_graded_is_told(course, tmp_path):
    for arguments, said in [
        (["nothing"], "there is no lab 'nothing'"),
        ([LAB, "--course", str(tmp_path)], "holds no nbgrader_config.py"),
        ([LAB, "missing.zip"], "missing.zip"),
        ([LAB, "--only", "nobody"], "--only nobody: no such student in"),
        ([LAB, "--regrade", "--workers", "2", "--scheduler", "tcp://127.0.0.1:9"], "--workers"),
    ]:
        done = _grade(course, *arguments)
        assert done.returncode == 1 and done.stderr.count("error: ") == 1, done.stderr
        assert said in done.stderr


def test_a_gradebook_that_cannot_be_read_stops_the_run_before_it_grades(course, tmp_path):
    shutil.copytree(course / "solutions", tmp_path / "solutions")
    shutil.copy(course / "nbgrader_config.py", tmp_path)
    (tmp_path / "gradebook.db").write_bytes(b"no gradebook at all, but long enough" * 1000)
    done = _grade(tmp_path, LAB, str(course / "submitted"), *FREE)
    assert done.returncode == 1 and "Nothing was changed. Put a copy from backups/" in done.stderr
    assert not (tmp_path / "graded").exists()


def test_two_runs_in_one_folder_are_one_too_many(course, tmp_path):
    with only_one(tmp_path / LAB / ".running"):
        done = _grade(course, LAB, "--out", str(tmp_path), *FREE)
    assert done.returncode == 1 and f"(process {os.getpid()} on " in done.stderr


def test_submissions_of_nobody_stop_the_run_with_a_table(course, tmp_path):
    for name in ("one", "two", "three"):
        (tmp_path / "class" / name).mkdir(parents=True)
        (tmp_path / "class" / name / f"{LAB}.ipynb").write_text("{")
    (tmp_path / "roster.csv").write_text("student,name\na,Ada\nb,Ben\nc,Cy\n")
    given = [LAB, str(tmp_path / "class"), "--roster", str(tmp_path / "roster.csv")]
    done = _grade(course, *given, "--out", str(tmp_path / "out"))
    assert done.returncode == 1 and not (tmp_path / "out").exists()
    assert "3 of 3 submissions are of nobody" in done.stderr and "a  Ada" in done.stderr
    done = _grade(course, *given, "--timezone", "Nowhere/At_all")
    assert done.returncode == 1 and "--timezone Nowhere/At_all: no such zone" in done.stderr


def test_without_a_seed_of_the_instructor_there_is_a_warning(course, tmp_path):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / f"{LAB}.ipynb").write_text("{")
    free = "--unsafe-no-sandbox"  # there is no code to run
    done = _grade(course, LAB, str(tmp_path), "--out", str(tmp_path / "out"), free)
    assert done.returncode == 0, done.stderr
    assert "warning: LABKIT_GRADING_SEED is not set" in done.stderr
