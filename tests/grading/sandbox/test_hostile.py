"""Each attack ends as its file says, costs nobody else a point, and touches nothing outside."""

import dataclasses
import hashlib
import re
import socket
import threading
from pathlib import Path

import nbformat
import psutil
import pytest
from places import ROOT
from sandboxed import needs_sandbox

from labkit.checks import REGISTRY
from labkit.checks.process.submission import Submission
from labkit.grading.sandbox.bubblewrap import Bubble
from labkit.grading.sandbox.fork_server import Warm
from labkit.grading.sandbox.limits import Limits

HOSTILE = Path(__file__).parent / "hostile"
ATTACKS = sorted(path.stem for path in HOSTILE.glob("*.py"))
# A busy machine takes seconds to fill memory; only endless cells are to meet the clock, and an
# earlier one.
ENDLESS = ("endless_cell", "endless_cell_deaf")
LIMITS = Limits(
    memory=2 * 2**30, processes=20, scratch=2**26, file=2**25, output=2**26, cell=20, loading=60
)
SECRET = "a secret that nobody may read"
# One exercise before the one that is attacked, and one after it.
EXERCISES = ("size.bitmask", "size.entropy", "size.break_even_sparsity")

pytestmark = [needs_sandbox, pytest.mark.slow]


@pytest.fixture(scope="module")
def warm():
    host = Warm(LIMITS)
    yield host
    host.close()


@pytest.fixture(scope="module")
def impatient():
    host = Warm(dataclasses.replace(LIMITS, cell=5))
    yield host
    host.close()


@pytest.fixture(scope="module")
def bubble():
    host = Bubble(dataclasses.replace(LIMITS, cell=30))  # it imports torch in a cell
    yield host
    host.close()


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr("labkit.checks.process.submission.GRACE", 3.0)


@pytest.fixture
def outside(tmp_path, monkeypatch):
    """What a grader has beside a submission; checks afterwards that it is as it was."""
    folder = tmp_path / "course"
    for name in ("solutions/size/size.ipynb", "submitted/other/size.ipynb", "gradebook.db"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(SECRET)
    monkeypatch.setenv("LABKIT_GRADING_SEED", SECRET)
    before = _state(folder)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.01)
        yield folder, server.getsockname()[1]
        with pytest.raises(TimeoutError):
            server.accept()
    assert _state(folder) == before


def _state(folder: Path) -> dict:
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).digest() for path in files}


def submission(folder: Path, code: str, *, outside: tuple[Path, int] = (Path(), 0)) -> Path:
    """The reference solution of a lab with `code` put behind the answer that is attacked."""
    notebook = nbformat.read(ROOT / "solutions/size/size.ipynb", as_version=4)
    place = [cell.id for cell in notebook.cells].index("size-entropy-answer")
    names = {"OUTSIDE": str(outside[0]), "PORT": outside[1], "SECRET": SECRET}
    known = "\n".join(f"{name} = {value!r}" for name, value in names.items())
    notebook.cells.insert(place + 1, nbformat.v4.new_code_cell(f"{known}\n{code}"))
    path = folder / "size.ipynb"
    nbformat.write(notebook, path)
    return path


def _header(code: str, what: str) -> str:
    found = re.search(rf"^# {what}: (.*)$", code, re.MULTILINE)
    return found[1] if found else ""


def attack(name: str, host, folder: Path, outside: tuple[Path, int]) -> None:
    code = (HOSTILE / f"{name}.py").read_text()
    path = submission(folder, code, outside=outside)
    with Submission(path, seconds=2.0, host=host) as submitted:
        grades = {id: submitted.grade(REGISTRY[id], seed=5) for id in EXERCISES}
        errors = submitted.errors
    lost = {id for id, grade in grades.items() if grade.score < 1}
    said = [v.message for grade in grades.values() for v in grade.verdicts]
    said = sorted({text for text in said if text} | {text for _, text in errors})
    assert lost == set(_header(code, "lost").split(", ")) - {"nothing"}, said
    assert all(grades[id].points == 0 for id in lost), said
    assert not [text for text in said if "BREACH" in text]
    reason = _header(code, "reason")
    assert not reason or any(re.search(reason, text) for text in said), said
    assert len(errors) <= 1, errors
    assert all(text.isprintable() and "This looks like 'a bug" not in text for text in said), said


def _descendants() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def _family(warm) -> list[psutil.Process]:
    first = psutil.Process(warm._parent.pid)
    return [first, *first.children(recursive=True)]


@pytest.mark.parametrize("name", ATTACKS)
def test_attack_from_a_warm_parent(name, request, tmp_path, outside):
    host = request.getfixturevalue("impatient" if name in ENDLESS else "warm")
    attack(name, host, tmp_path, outside)
    # The parent lives, and whatever the submission started goes with it.
    parent = _family(host)[:3]
    rest = [process for process in _family(host) if process not in parent]
    assert not psutil.wait_procs(rest, timeout=10)[1]
    assert all(process.is_running() for process in parent)


@pytest.mark.parametrize(
    "name",
    [  # each imports all that a cell needs anew
        "sockets",
        "write_outside",
        *(
            pytest.param(name, marks=pytest.mark.full)
            for name in ("fork_bomb", "own_namespaces", "proc", "read_environment")
        ),
    ],
)
def test_attack_in_a_bubble_of_its_own(name, bubble, tmp_path, outside):
    attack(name, bubble, tmp_path, outside)
    assert not [p for p in _descendants() if "--ro-bind" in p.cmdline() and "once" in p.cmdline()]


LEAVE = """
from pathlib import Path
for place in ("/box", "/dev/shm"):
    Path(place, "left").write_text("an answer for a friend")
"""
FIND = """
from pathlib import Path
if any(Path(place, "left").exists() for place in ("/box", "/dev/shm")):
    raise RuntimeError("BREACH: found what another submission left")
"""


def test_submissions_do_not_see_each_other(warm, tmp_path):
    for name in "first", "second":
        (tmp_path / name).mkdir()
    leaves = submission(tmp_path / "first", LEAVE)
    finds = submission(tmp_path / "second", FIND)
    with Submission(leaves, host=warm) as first, Submission(finds, host=warm) as second:
        for submitted in (first, second):
            assert submitted.grade(REGISTRY["size.entropy"], 5).score == 1
            assert submitted.errors == []


def test_threads_share_a_parent(warm, tmp_path):
    path, scores = submission(tmp_path, ""), []

    def grade():
        with Submission(path, host=warm) as submitted:
            scores.append([submitted.grade(REGISTRY[id], 5).score for id in EXERCISES])

    threads = [threading.Thread(target=grade) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert scores == [[1, 1, 1]] * 4
