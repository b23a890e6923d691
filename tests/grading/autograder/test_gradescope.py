"""The autograder's zip as Gradescope runs it: in a container, in the folders that it names."""

import json
import os
import shutil
import subprocess
import zipfile

import pytest
from container import ENVIRONMENT, command
from notebooks import cell, release, solved, to_bytes
from places import ROOT
from sandboxed import needs_sandbox

from labkit.checks import REGISTRY, TASKS
from labkit.cli.app import app
from labkit.errors import InputError, SourceError
from labkit.grading.autograder.gradescope import result
from labkit.grading.autograder.gradescope_zip import write_gradescope_zip
from labkit.grading.autograder.locked import locked
from labkit.grading.autograder.one_folder import handed_over
from labkit.grading.autograder.settings import Settings
from labkit.grading.running.one_submission import not_graded

LAB = "pruning"
EXERCISES = [exercise for exercise in REGISTRY.values() if exercise.lab == LAB]
ALL = float(sum(exercise.points for exercise in EXERCISES))
SECRET = "the seed of the instructor"

# A right notebook whose answers break where it reaches what it must not.
HOSTILE = """
import glob, os
from pathlib import Path

reached = []
for place in ("/autograder/results/results.json", "/autograder/results/more", "/autograder/x",
              "/autograder/source/settings.json", "/autograder/run_autograder"):
    try:
        Path(place).write_text('{"score": 1000}')
        reached.append(f"wrote {place}")
    except OSError:
        pass
source = "/autograder/source"
for place in (f"{source}/settings.json", f"{source}/course/labkit/checks/scoring.py",
              "/autograder/submission_metadata.json", *glob.glob("/proc/[0-9]*/environ")):
    try:
        if Path(place).read_bytes() and f"/{os.getpid()}/" not in place:
            reached.append(f"read {place}")
    except OSError:
        pass
try:
    os.listdir("/autograder/source")
    reached.append("listed the source")
except OSError:
    pass
try:
    os.setuid(0)
    reached.append("became root")
except OSError:
    pass
try:
    import socket
    socket.create_connection(("192.0.2.1", 80), 1)
    reached.append("the network")
except OSError:
    pass
if os.fork() == 0:  # what outlives the notebook
    import time
    for _ in range(600):
        try:
            Path("/autograder/results/results.json").write_text('{"score": 1000}')
        except OSError:
            time.sleep(0.1)
    os._exit(0)
if reached:
    raise SystemExit("; ".join(reached))
"""


@pytest.fixture(scope="module")
def autograder(tmp_path_factory):
    """The zip, made by the command."""
    from typer.testing import CliRunner

    path = tmp_path_factory.mktemp("export") / "autograder.zip"
    words = ["export", "gradescope", LAB, "--out", str(path), "--seed", SECRET]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, done.output
    assert "MB" in done.output
    return path


@pytest.fixture
def run(autograder, tmp_path):
    """`run(files, bubblewrap=True)` → results.json, or None, and what was printed."""

    def grade(files, bubblewrap=True):
        root = tmp_path / "autograder"
        for name in ("source", "submission", "results"):
            (root / name).mkdir(parents=True)
        root.chmod(0o755)
        with zipfile.ZipFile(autograder) as archive:
            archive.extractall(root / "source")
        shutil.copyfile(root / "source" / "run_autograder", root / "run_autograder")
        (root / "run_autograder").chmod(0o755)
        (root / "submission_metadata.json").write_text('{"id": 1}')
        for name, content in files.items():
            (root / "submission" / name).write_bytes(content)
        words = command(
            {root: "/autograder"}, ["/autograder/run_autograder"], bubblewrap=bubblewrap
        )
        before = (root / "source" / "settings.json").read_text()
        done = subprocess.run(words, capture_output=True, text=True, timeout=600)
        assert (root / "source" / "settings.json").read_text() == before
        file = root / "results" / "results.json"
        assert not (root / "results" / "more").exists()
        found = json.loads(file.read_text()) if file.exists() else None
        return found, done.stdout + done.stderr

    return grade


def half_right():
    notebook = solved(LAB)
    for exercise in EXERCISES[::2]:
        id = f"{exercise.grade_id}-answer"
        cell(notebook, id).source = cell(release(LAB), id).source
    return notebook


def hostile():
    notebook = solved(LAB)
    cell(notebook, f"{EXERCISES[0].grade_id}-answer").source += "\n" + HOSTILE
    return notebook


def endless():
    notebook = solved(LAB)
    id = f"{EXERCISES[0].grade_id}-answer"
    cell(notebook, id).source = f"def {EXERCISES[0].function}(*_):\n    while True:\n        pass\n"
    return notebook


def _sum(exercises):
    return float(sum(exercise.points for exercise in exercises))


full = pytest.mark.full
needs_root = pytest.mark.skipif(
    os.name == "nt" or os.geteuid() != 0, reason="only root can take another user, as in Docker"
)


@needs_sandbox
@pytest.mark.slow
@pytest.mark.parametrize(
    ("make", "points", "bubblewrap"),
    [
        pytest.param(half_right, _sum(EXERCISES[1::2]), True, id="half right"),
        pytest.param(hostile, ALL, False, id="hostile, no bubblewrap", marks=needs_root),
        pytest.param(hostile, ALL, True, id="hostile", marks=full),
        pytest.param(lambda: solved(LAB), ALL, False, id="right", marks=[needs_root, full]),
        pytest.param(endless, _sum(EXERCISES[1:]), True, id="endless", marks=full),
        pytest.param(
            endless,
            _sum(EXERCISES[1:]),
            False,
            id="endless, no bubblewrap",
            marks=[needs_root, full],
        ),
    ],
)
def test_a_submission_in_the_documented_folders(make, points, bubblewrap, run):
    found, said = run({"my work (2).ipynb": to_bytes(make())}, bubblewrap)
    assert found is not None, said
    assert found["score"] == pytest.approx(points), json.dumps(found, indent=1)
    assert [test["name"] for test in found["tests"]] == [e.title for e in EXERCISES]
    assert sum(test["max_score"] for test in found["tests"]) == ALL
    assert sum(test["score"] for test in found["tests"]) == pytest.approx(points)
    failed = [test for test in found["tests"] if test["status"] == "failed"]
    assert all("failed" in test["output"] for test in failed)
    ways = {True: "bubblewrap", False: "a user of its own"}
    assert found["extra_data"]["isolation"].startswith(ways[bubblewrap])
    assert f"isolation of the submission's code: {ways[bubblewrap]}" in said
    assert SECRET not in json.dumps(found) + said


@needs_sandbox
@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({f"{LAB}.ipynb": b'{"cells": ['}, "its JSON breaks"),
        ({}, "nothing was handed in"),
        ({"notes.txt": b"later"}, "there is no notebook in it, only 'notes.txt'"),
        ({"a.ipynb": b"{}", "b.ipynb": b"{}"}, "2 notebooks were handed in"),
    ],
)
def test_what_cannot_be_graded_is_said_with_a_score_of_0(files, words, run):
    found, _ = run(files)
    assert found["score"] == 0
    assert words in found["output"]
    assert all(words in test["output"] for test in found["tests"])


@needs_root
@needs_sandbox
def test_a_fault_of_ours_gives_no_score(autograder, run, monkeypatch):
    """No isolation: the environment is one that the other user may not run."""
    import container

    monkeypatch.setattr(container, "_CAPABILITIES", ("DAC_OVERRIDE",))  # none to take a user
    found, said = run({f"{LAB}.ipynb": to_bytes(solved(LAB))}, bubblewrap=False)
    assert found is None
    assert "the autograder failed, and gave no score" in said
    assert "no fault of the submission" in said


@pytest.mark.parametrize(
    ("files", "words"),
    [
        ({}, "nothing was handed in"),
        ({"notes.txt": b"later"}, "there is no notebook in it, only 'notes.txt'"),
        ({"a.ipynb": b"{}", "b.ipynb": b"{}"}, "2 notebooks were handed in ('a.ipynb', 'b.ipynb')"),
        ({"weights/x.txt": b"?"}, "there is no notebook in it"),
    ],
)
def test_a_folder_without_one_notebook(files, words, tmp_path):
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(content)
    handed = handed_over(tmp_path, LAB)
    assert handed.data is None
    assert handed.problem.startswith(words)


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / f"{LAB}.ipynb").symlink_to(ROOT / f"solutions/{LAB}/{LAB}.ipynb")
    handed = handed_over(tmp_path, LAB)
    assert handed.data is None
    assert "links are not followed" in handed.problem


def test_answers_in_words_are_left_to_a_person(tmp_path):
    labs = {task.lab for task in TASKS.values() if task.id not in REGISTRY}
    for lab in labs:
        outcome = not_graded(handed_over(tmp_path, lab), to_bytes(release(lab)).decode())
        found = result(outcome, Settings(lab=lab, seed=1, visibility="hidden"), "none")
        assert "read by a person" in found["output"]
        assert {test["visibility"] for test in found["tests"]} == {"hidden"}


def test_the_zip_holds_what_gradescope_asks_for_and_no_solution(autograder):
    with zipfile.ZipFile(autograder) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
        text = {name: archive.read(name).decode() for name in ("lab.ipynb", "requirements.txt")}
    for name in ("setup.sh", "run_autograder"):  # at the root of the archive
        assert modes[name] & 0o111
    assert "course/labkit/mini/zoo/roberta/model.safetensors" in modes
    assert "SOLUTION" not in text["lab.ipynb"]
    assert "HIDDEN TESTS" not in text["lab.ipynb"]
    assert all("==" in line for line in text["requirements.txt"].splitlines())


def test_the_same_export_gives_the_same_bytes(autograder, tmp_path):
    from labkit.checks.scoring import grading_seed

    settings = Settings(lab=LAB, seed=grading_seed(SECRET))
    again, _ = write_gradescope_zip(ROOT, tmp_path / "again.zip", settings)
    assert again.read_bytes() == autograder.read_bytes()


def test_the_lock_pins_what_is_installed_and_all_that_it_needs():
    import torch
    import transformers

    lines = dict(line.split("==") for line in locked(ROOT / "requirements.txt"))
    assert lines["torch"].partition("+")[0] == torch.__version__.partition("+")[0]
    assert lines["torch"].endswith("+cpu")
    assert lines["transformers"] == transformers.__version__
    assert {"sympy", "regex", "llvmlite"} <= lines.keys()  # needed by these, and not named
    assert not {"pytest", "jupyterlab", "ruff"} & lines.keys()


@pytest.mark.parametrize("name", ["setup.sh", "run_autograder"])
def test_the_scripts_are_valid(name):
    path = ROOT / "labkit/grading/autograder/templates" / name
    assert subprocess.run(["bash", "-n", str(path)]).returncode == 0
    assert ENVIRONMENT in path.read_text()


def test_refusals_in_words(tmp_path):
    with pytest.raises(InputError, match="there is no lab 'chess'"):
        write_gradescope_zip(ROOT, tmp_path / "a.zip", Settings(lab="chess", seed=1))
    with pytest.raises(InputError, match="visibility 'soon'"):
        write_gradescope_zip(ROOT, tmp_path / "a.zip", Settings(lab=LAB, seed=1, visibility="soon"))
    with pytest.raises(SourceError, match="is missing"):
        write_gradescope_zip(tmp_path, tmp_path / "a.zip", Settings(lab=LAB, seed=1))
    with pytest.raises(SourceError, match="export the autograder again"):
        Settings.read(tmp_path)
    assert not list(tmp_path.glob("*.zip"))
