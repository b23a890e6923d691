"""A class is graded on workers that may die, and each outcome is kept as soon as it is known."""

import os
import shutil
import signal
from dataclasses import replace

import dask
import distributed  # noqa: F401 - brings the settings that a test changes
import nbformat
import pytest
from broken import CASES
from notebooks import cell, entry, release, solved, source, to_bytes
from turns import on_day, today

from labkit.checks import REGISTRY
from labkit.checks.process.host import Plain
from labkit.errors import SourceError
from labkit.grading.running.finished import Store, key, lab_version
from labkit.grading.running.one_submission import grade_one, not_graded
from labkit.grading.running.suspicious import suspicions
from labkit.grading.running.whole_class import _SETTINGS, grade_all
from labkit.grading.sandbox.bubblewrap import problem
from labkit.grading.sandbox.limits import Limits
from labkit.grading.submissions.choose_file import NOTHING
from labkit.grading.submissions.intake import LATE, read_submissions
from labkit.grading.submissions.outcomes import Handed, Outcome

LAB = "pruning"
EXERCISES = [exercise for exercise in REGISTRY.values() if exercise.lab == LAB]
FULL = float(sum(exercise.points for exercise in EXERCISES))
SOURCE = nbformat.writes(source(LAB))
SANDBOX = problem() is None  # test_sandbox.py says where it must be there


def handed(student="ada", data=b"", **more):
    return Handed(student=student, lab=LAB, data=data, origin=f"{student}/x.ipynb", **more)


def partial(answers):
    """The release with the first `answers` exercises solved, and their points."""
    notebook, right = release(LAB), solved(LAB)
    for exercise in EXERCISES[:answers]:
        id = f"{exercise.grade_id}-answer"
        cell(notebook, id).source = cell(right, id).source
    return to_bytes(notebook), float(sum(exercise.points for exercise in EXERCISES[:answers]))


def with_code(code, notebook=None):
    """A notebook with a cell more at its end."""
    notebook = notebook or solved(LAB)
    notebook.cells.append(nbformat.v4.new_code_cell(code))
    return to_bytes(notebook)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "outcomes")


def test_a_submission_that_ends_its_process_keeps_what_is_right():
    notebook = solved(LAB)
    first, last = (cell(notebook, f"{e.grade_id}-answer") for e in (EXERCISES[0], EXERCISES[-1]))
    first.source = f"import os\ndef {EXERCISES[0].function}(*_):\n    os._exit(3)"
    last.source = "import os\nos._exit(4)"
    notebook.cells.append(nbformat.v4.new_code_cell("1 / 0"))
    outcome = grade_one(handed(data=to_bytes(notebook)), SOURCE, 7, Plain())
    assert outcome.status == "partly"
    assert "exit code 3" in outcome.reason and "exit code 4" in outcome.reason
    lost = EXERCISES[0].points + EXERCISES[-1].points
    assert (outcome.points, outcome.out_of) == (FULL - lost, FULL)
    assert [score.points for score in outcome.scores[1:-1]] == [e.points for e in EXERCISES[1:-1]]
    assert "exit code 3" in outcome.scores[0].verdicts[0].message
    assert [text for _, text in outcome.errors][-1] == "ZeroDivisionError: division by zero"
    assert sum("_exit" in remark for remark in outcome.remarks) == 2
    assert Outcome.from_json(outcome.to_json()) == outcome


def test_what_holds_no_notebook_is_an_outcome():
    for one, status, reason in [
        (handed(data=b'{"cells": ['), "unreadable", "line 1, column"),
        (handed(data=None, problem="its zip archive is encrypted"), "unreadable", "encrypted"),
        (handed(data=None, problem=NOTHING), "missing", NOTHING),
    ]:
        for outcome in (grade_one(one, SOURCE, 7, Plain()), not_graded(one, SOURCE)):
            assert outcome.status == status and reason in outcome.reason
            assert (outcome.points, outcome.out_of) == (0, FULL)
            assert reason in outcome.scores[0].verdicts[0].message


def test_a_host_that_cannot_start_is_no_fault_of_the_submission():
    class Broken(Plain):
        def start(self, path, without=()):
            raise OSError("no more processes")

    with pytest.raises(SourceError, match=r"submission of ada: OSError: no more processes"):
        grade_one(handed(data=to_bytes(solved(LAB))), SOURCE, 7, Broken())


def test_a_fault_of_the_grader_is_an_outcome(monkeypatch):
    def fail(*_):
        raise KeyError("who knows")

    one = handed(data=to_bytes(solved(LAB)))
    for place, status in [("Submission.grade", "partly"), ("suspicions", "unreadable")]:
        monkeypatch.setattr(f"labkit.grading.running.one_submission.{place}", fail)
        outcome = grade_one(one, SOURCE, 7, Plain())
        assert (outcome.status, outcome.points) == (status, 0)
        assert "failed at it (KeyError: 'who knows'): grade it by hand" in outcome.reason


def test_suspicions_are_remarks_on_what_the_course_does_not_use():
    frame, notebook = source(LAB), solved(LAB)
    assert suspicions(notebook, frame) == ()
    codes = {
        "import sys\nsys.setprofile(None)": "setprofile",
        "from labkit.pruning.prune import prune_layerwise": "labkit.pruning.prune",
        "open('../solutions/pruning.ipynb')": "../, solutions/",
        "!cat /etc/passwd": "!cat /etc/passwd",
        "def f(:\n  socket": "socket",
        "model.eval()\nmodel.modules()": "",
        "x = (\n    1\n    != 2\n)": "",
        "eval('1')": "eval",
        "import labkit.checks.process.worker as w": "labkit.checks.process.worker",
        "import sys\nsys.modules['torch'] = None": "sys.modules",
        "x = 1" + "\n" * 10**6 + "y": "",  # hours, were each line looked at from each
    }
    for code, said in codes.items():
        notebook.cells[-1] = nbformat.v4.new_code_cell(code)
        found = suspicions(notebook, frame)
        assert len(found) == bool(said), code
        assert all(f"uses {said}: read it" in remark for remark in found), found


def test_the_store_keeps_whole_outcomes(store):
    outcome = not_graded(handed(data=None, problem="«café» \ud800"), SOURCE)
    assert outcome.reason == "«café» ?"
    assert store.get("ada") is None
    store.put(outcome)
    assert store.get("ada") == outcome
    path = store.folder / "ada.json"
    for text in (path.read_text()[:-9], "{}", "[1]", "", '{"scores": 3}'):
        path.write_text(text)
        assert store.get("ada") is None
    store.put(outcome)
    assert store.get("ada") == outcome and len(list(store.folder.iterdir())) == 1


def test_an_outcome_is_only_that_of_the_student_it_names(store):
    outcome = replace(grade_one(handed(data=b""), SOURCE, 7, Plain()), student="ada.v1.5")
    store.put(outcome)
    store.put(replace(outcome, student="ada.v1.6"))
    assert [kept.student for kept in store.all()] == ["ada.v1.5", "ada.v1.6"]
    # As a process that is killed leaves it, and a copy by hand.
    for name in (".ada.v1-0123abcd.partial.json", "ben.json"):
        shutil.copyfile(store.folder / "ada.v1.5.json", store.folder / name)
    assert store.get("ben") is None
    assert [kept.student for kept in store.all()] == ["ada.v1.5", "ada.v1.6"]


def test_a_key_says_what_an_outcome_depends_on():
    version = lab_version(SOURCE)
    one = handed(data=b"x")
    assert key(one, version, 7) == key(replace(one, submitted="2027", origin="z"), version, 7)
    others = [
        key(replace(one, data=b"y"), version, 7),
        key(replace(one, data=None), version, 7),
        key(replace(one, data=None, problem="encrypted"), version, 7),
        key(replace(one, remarks=(LATE,)), version, 7),  # an outcome holds them
        key(one, version, 8),
        key(one, lab_version(SOURCE + " "), 7),
    ]
    assert len({key(one, version, 7), *others}) == 7


def test_no_text_of_a_student_ends_the_run(store):
    odd = "\ud800 \x1b[31m\x00 [bold]"
    notebook = release(LAB)
    notebook.cells.append(nbformat.v4.new_code_cell(f"raise ValueError({odd!r})"))
    id = f"{EXERCISES[0].grade_id}-answer"
    name = EXERCISES[0].function
    cell(notebook, id).source = f"def {name}(*_):\n    raise ValueError({odd!r})"
    outcome = grade_one(handed(data=to_bytes(notebook)), SOURCE, 7, Plain())
    assert outcome.errors[-1][1].startswith("ValueError: ?")
    assert "raised ValueError" in outcome.scores[0].verdicts[0].message
    store.put(replace(outcome, origin="\udcff.ipynb"))
    assert store.get("ada") == replace(outcome, origin="?.ipynb")


def test_only_what_changed_is_graded(store):
    data, _ = partial(1)
    class_ = [handed("ada", data), handed("ben", b"{"), handed("cleo", None, problem=NOTHING)]
    known = key(class_[0], lab_version(SOURCE), 7)
    mark = replace(not_graded(class_[0], SOURCE, "kept"), key=known, submitted="before")
    store.put(mark)
    store.put(replace(mark, student="ben"))  # its content has changed since
    # No cluster starts for `ada`; a scheduler that is not there would be told of `ben`.
    again = grade_all(class_[::2], SOURCE, 7, store, limits=Limits(), scheduler="tcp://127.0.0.1:9")
    assert [o.reason for o in again] == ["kept", NOTHING]
    assert again[0].submitted == "" == store.get("ada").submitted
    options = {"limits": Limits(), "sandbox": False, "workers": 1}
    ben, ada = grade_all([class_[1], class_[0]], SOURCE, 7, store, **options)
    assert ben.status == "unreadable" and ada.reason == "kept"
    assert ben.key == key(class_[1], lab_version(SOURCE), 7) and store.get("ben") == ben
    (ada,) = grade_all(class_[:1], SOURCE, 7, store, regrade=True, **options)
    assert ada.status == "graded" and ada.points == EXERCISES[0].points


@on_day(0)
@pytest.mark.parametrize("sandbox", [False, pytest.param(SANDBOX, marks=pytest.mark.full)])
def test_a_killed_worker_loses_nothing(start, scheduler, store, sandbox):
    class_, expected = [], {}
    for answers in range(4):
        data, expected[f"student{answers}"] = partial(answers)
        class_.append(handed(f"student{answers}", data))
    options = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
    workers = [start("dask_worker", scheduler, *options) for _ in range(2)]
    killed = []

    def report(student, done, total):
        assert store.get(student) is not None or not student
        if done == 2 and not killed:
            killed.append(student)
            workers[0].send_signal(signal.SIGKILL)

    run = {"limits": Limits(), "sandbox": sandbox, "scheduler": scheduler}
    outcomes = grade_all(class_, SOURCE, 7, store, report=report, **run)
    assert killed and workers[0].wait() == -signal.SIGKILL
    assert {outcome.student: outcome.points for outcome in outcomes} == expected
    assert {outcome.status for outcome in outcomes} == {"graded"}
    assert workers[1].poll() is None


@pytest.mark.slow
def test_a_lost_scheduler_is_told_and_what_is_finished_kept(start, scheduler, store, monkeypatch):
    monkeypatch.setattr("labkit.cluster._PATIENCE", 10)
    class_ = [handed(student, b"{") for student in ("ada", "ben", "cleo")]
    start("dask_worker", scheduler, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")

    def report(student, done, total):
        if student:
            start.processes[0].kill()

    run = {"limits": Limits(), "sandbox": False, "scheduler": scheduler}
    with (
        dask.config.set({"distributed.comm.timeouts.connect": "2s"}),
        pytest.raises(SourceError, match=r"scheduler was lost.*kept"),
    ):
        grade_all(class_, SOURCE, 7, store, report=report, **run)
    assert [outcome.student for outcome in store.all()] == ["ada"]


@on_day(1)
def test_a_submission_that_kills_its_workers_is_an_outcome(store, monkeypatch):
    # Two workers instead of three: each one takes its time to start.
    monkeypatch.setitem(_SETTINGS, "distributed.scheduler.allowed-failures", 1)
    # Without a sandbox the worker is the parent of the submission's process.
    kill = with_code(
        f"import os, signal\nif os.getppid() != {os.getpid()}:\n"
        "    os.kill(os.getppid(), signal.SIGKILL)"
    )
    data, points = partial(1)
    class_ = [handed("eve", kill), handed("ada", data)]
    options = {"limits": Limits(), "sandbox": False, "workers": 1}
    eve, ada = grade_all(class_, SOURCE, 7, store, **options)
    assert (eve.status, eve.points) == ("partly", 0)
    assert "ended the process that graded it" in eve.reason
    assert "os.kill" in eve.notebook  # a person can read it
    assert (ada.status, ada.points) == ("graded", points)


# Where it takes a run to see which of several answers counts.
IN_ORDER = ("cells_backwards", "answers_in_one_cell", "a_wrong_answer_below_the_right_one")


@pytest.fixture(params=["today's", pytest.param("all", marks=pytest.mark.full)])
def cases(request):
    """Broken files; a quick run takes one of the notebooks that lose the same, a third each day.

    `test_broken.py` looks at the notebooks of all of them, without running them.
    """
    if request.param == "all":
        return CASES
    different = {
        case.name if case.status != "graded" or case.name in IN_ORDER else case.lost: case
        for case in CASES
    }
    return tuple(case for number, case in enumerate(different.values()) if today(number))


@pytest.mark.slow
@pytest.mark.skipif(not SANDBOX, reason="there is no sandbox here: see test_sandbox.py")
def test_broken_files_earn_what_is_right_in_them(cases, store, tmp_path):
    folders = {f"student{number:03d}": case for number, case in enumerate(cases)}
    for student, case in folders.items():
        folder = tmp_path / "submitted" / student
        case.put(folder / LAB if case.status != "missing" else folder)
    class_ = read_submissions(tmp_path / "submitted", LAB)
    outcomes = grade_all(class_, SOURCE, 7, store, limits=Limits(), workers=2)
    assert [outcome.student for outcome in outcomes] == list(folders)
    for outcome, case in zip(outcomes, folders.values(), strict=True):
        points = case.points if case.status == "graded" else 0
        assert (outcome.status, outcome.points) == (case.status, points), case.name
        assert outcome.reason
        assert case.words in " / ".join([outcome.reason, *outcome.remarks]), case.name
        if outcome.notebook:
            metadata = [entry(c) for c in nbformat.reads(outcome.notebook, as_version=4).cells]
            assert sum(m.get("points", 0) for m in metadata) == FULL
