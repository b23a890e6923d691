"""What was graded stands in nbgrader's gradebook, whole or not at all, for its stock commands."""

import csv
import html
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
import warm
from nbgrader.api import Gradebook
from notebooks import ROOT, solved, source, to_bytes

from labkit.checks import REGISTRY, TASKS, Verdict
from labkit.errors import InputError, SourceError
from labkit.grading.gradebook.course import Course
from labkit.grading.gradebook.database import amending, create, keep_copy
from labkit.grading.gradebook.record_scores import record
from labkit.grading.submissions.assemble import assemble
from labkit.grading.submissions.outcomes import Outcome, Scored
from labkit.grading.submissions.read_notebook import read_notebook

LAB = "weights"  # has a question for a person
EXERCISES = [exercise for exercise in REGISTRY.values() if exercise.lab == LAB]
QUESTION = TASKS["weights.reading"]
SOURCE = nbformat.writes(source(LAB))
ON_TIME, LATE = "2027-03-01T10:00:00+00:00", "2027-03-03T12:00:00+02:00"


def _notebook():
    submitted = solved(LAB)
    next(c for c in submitted.cells if c.id == QUESTION.grade_id).source = "All three differ."
    frame = nbformat.reads(SOURCE, as_version=4)
    return nbformat.writes(assemble(frame, read_notebook(to_bytes(submitted)))[0])


NOTEBOOK = _notebook()


def outcome(student, share=1.0, **more):
    verdicts = (Verdict("first", True), Verdict("second", False, f"said to {student}"))
    scores = tuple(
        Scored(id=e.id, points=e.points * share, out_of=e.points, verdicts=verdicts, seconds=0.1)
        for e in EXERCISES
    )
    fields = {
        "status": "graded",
        "reason": "all cells ran",
        "notebook": NOTEBOOK,
        "errors": (),
        "remarks": (),
        "submitted": ON_TIME,
        "origin": "",
        "seconds": 1.0,
        "key": "",
    }
    return Outcome(student=student, lab=LAB, scores=scores, **(fields | more))


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A gradebook without anything in it: nbgrader takes seconds to make one."""
    path = tmp_path_factory.mktemp("empty") / "gradebook.db"
    Course.open(ROOT)  # its settings say where nbgrader finds a program that it starts
    create(path, "llm-sparsity-lab")
    return path


@pytest.fixture
def course(tmp_path, empty):
    shutil.copytree(ROOT / "solutions" / LAB, tmp_path / "solutions" / LAB)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    with (tmp_path / "nbgrader_config.py").open("a") as file:
        file.write("\nfrom nbgrader.plugins import LateSubmissionPlugin\n")
        file.write("class Half(LateSubmissionPlugin):\n")
        file.write("    def late_submission_penalty(self, student_id, score, late):\n")
        file.write("        return score / 2\n")
        file.write("c.AssignLatePenalties.plugin_class = Half\n")
    shutil.copy(empty, tmp_path / "gradebook.db")
    return Course.open(tmp_path)


def _book(course):
    from nbgrader.api import Gradebook

    return Gradebook(f"sqlite:///{course.gradebook}", course.course_id)


def _auto(course):
    """Automatic scores of the exercises by student."""
    with _book(course) as book:
        return {
            s.student_id: [
                book.find_grade(e.grade_id, LAB, LAB, s.student_id).auto_score for e in EXERCISES
            ]
            for s in book.assignment_submissions(LAB)
        }


def _nbgrader(course, *arguments):
    done = subprocess.run(
        warm.command("nbgrader", *arguments),
        cwd=course.root,
        env=os.environ | {"JUPYTER_CONFIG_DIR": str(course.root / "work")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_stock_commands_go_on_from_the_record(course):
    full = float(sum(e.points for e in EXERCISES))
    nothing = outcome("rosa", 0, status="unreadable", notebook="", submitted="")
    absent = outcome("nobody", 0, status="missing", notebook="", submitted="")
    class_ = [outcome("ada"), outcome("ben", 0.5), nothing, absent]
    with _book(course) as book:
        book.add_assignment(LAB, duedate="2027-03-02 00:00:00 UTC")
    late = outcome("cleo", submitted=LATE, errors=((1, "ValueError: in a cell of mine"),))
    assert record(course, LAB, SOURCE, [*class_, late]) == 5
    assert _auto(course) == {
        "ada": [float(e.points) for e in EXERCISES],
        "ben": [e.points / 2 for e in EXERCISES],
        "cleo": [float(e.points) for e in EXERCISES],
        "rosa": [0.0] * len(EXERCISES),
    }
    with _book(course) as book:
        assert book.find_submission(LAB, "ada").needs_manual_grade  # the question in words
        assert not book.find_submission(LAB, "rosa").needs_manual_grade  # untouched: 0
        grade = book.find_grade(QUESTION.grade_id, LAB, LAB, "ada")
        grade.manual_score, grade.needs_manual_grade = 5.0, False
        book.find_grade(EXERCISES[0].grade_id, LAB, LAB, "ada").extra_credit = 2.0
        book.db.commit()

    # A corrected check: nbgrader keeps what a person entered, and asks to look again.
    assert record(course, LAB, SOURCE, [outcome("ada", 0.25), *class_[1:], late]) == 1
    with _book(course) as book:
        assert book.find_submission(LAB, "ada").score == full / 4 + 5 + 2
        assert book.find_grade(QUESTION.grade_id, LAB, LAB, "ada").needs_manual_grade
    _nbgrader(course, "generate_feedback", LAB)
    _nbgrader(course, "export")
    with (course.root / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {student: float(row["score"]) for student, row in rows.items()} == {
        "ada": full / 4 + 7,
        "ben": full / 2,
        "cleo": full / 2,
        "nobody": 0.0,
        "rosa": 0.0,
    }
    assert float(rows["cleo"]["late_submission_penalty"]) == full / 2
    assert rows["cleo"]["timestamp"] == "2027-03-03 10:00:00"  # in UTC
    _look_at_feedback(course)


def _look_at_feedback(course):
    cells = "".join(c.source for c in source(LAB).cells if c.id in {e.grade_id for e in EXERCISES})
    hidden = re.findall(r"BEGIN HIDDEN TESTS\n(.*?)\n### END", cells, re.DOTALL)
    assert len(hidden) == len(EXERCISES)
    for student in ("ada", "ben", "cleo", "rosa"):
        page = (course.root / f"feedback/{student}/{LAB}/{LAB}.html").read_text()
        text = html.unescape(re.sub(r"<[^>]*>", "", page))
        assert text.count("passed  first") == len(EXERCISES)
        assert text.count(f"failed  second: said to {student}") == len(EXERCISES)
        squeezed = "".join(text.split())
        for line in "\n".join([*hidden, "HIDDEN TESTS"]).splitlines():
            assert "".join(line.split()) not in squeezed
        assert ("ValueError: in a cell of mine" in text) == (student == "cleo")


@pytest.mark.slow
def test_what_is_recorded_is_not_recorded_again(course):
    class_ = [outcome("ada"), outcome("ben", 0.5)]
    assert record(course, LAB, SOURCE, class_) == 2
    first = course.gradebook.read_bytes()
    copies = sorted((course.root / "backups").iterdir())
    assert len(copies) == 1
    assert record(course, LAB, SOURCE, class_) == 0
    assert course.gradebook.read_bytes() == first
    assert sorted((course.root / "backups").iterdir()) == copies
    # The copy from before the run is put in place: the students are recorded anew.
    shutil.copy(copies[0], course.gradebook)
    assert record(course, LAB, SOURCE, class_) == 2
    # A submission that came later counts from then on.
    assert record(course, LAB, SOURCE, [replace(class_[0], submitted=LATE), class_[1]]) == 1


@pytest.mark.slow
def test_an_outcome_that_nbgrader_refuses_stops_no_other(course):
    bad = outcome("ben", 2.0)  # more points than there are
    with pytest.raises(SourceError, match=r"1 of 3 were not recorded.*'ben'(.|\n)*partial credit"):
        record(course, LAB, SOURCE, [outcome("ada"), bad, outcome("cleo", 0.5)])
    assert set(_auto(course)) == {"ada", "cleo"}
    assert not course.autograded(LAB, "ben").exists()
    assert record(course, LAB, SOURCE, [outcome("ada"), outcome("ben"), outcome("cleo", 0.5)]) == 1


@pytest.mark.slow
def test_a_kill_leaves_nobody_half_recorded(course):
    class_ = [outcome(f"student{n}", n / 8) for n in range(8)]
    script = course.root / "work.py"
    script.write_text(
        "import os, pickle, signal, sys\n"
        "from pathlib import Path\n"
        "from labkit.grading.gradebook import record_scores\n"
        "from labkit.grading.gradebook.course import Course\n"
        "from nbgrader.preprocessors import SaveAutoGrades\n"
        "course, source, class_ = pickle.loads(Path(sys.argv[1]).read_bytes())\n"
        "add, left = SaveAutoGrades._add_score, [int(sys.argv[2])]\n"
        "def add_and_die(*arguments):\n"
        "    add(*arguments)\n"
        "    left[0] -= 1\n"
        "    if left[0] == 0: os.kill(os.getpid(), signal.SIGKILL)\n"
        "SaveAutoGrades._add_score = add_and_die\n"
        f"record_scores.record(Course.open(course), {LAB!r}, source, class_)\n"
    )
    import pickle

    work = course.root / "work.pickle"
    work.write_bytes(pickle.dumps((course.root, SOURCE, class_)))
    cells = len(EXERCISES) + 1
    command = [sys.executable, str(script), str(work), str(2 * cells + 3)]  # within the third
    done = subprocess.run(command, cwd=ROOT, capture_output=True, timeout=300)
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()
    expected = {o.student: [s.points for s in o.scores] for o in class_}
    assert _auto(course) == {s: expected[s] for s in ("student0", "student1")}
    assert record(course, LAB, SOURCE, class_) == 6
    assert _auto(course) == expected


@pytest.fixture
def book(tmp_path):
    path = tmp_path / "gradebook.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE grade (student TEXT PRIMARY KEY, points REAL)")
        connection.executemany("INSERT INTO grade VALUES (?, ?)", [("ada", 1), ("ben", 2)])
    connection.close()
    return path


def _rows(path):
    connection = sqlite3.connect(path)
    try:
        return connection.execute("SELECT * FROM grade ORDER BY student").fetchall()
    finally:
        connection.close()


def _change(url):
    connection = sqlite3.connect(url.removeprefix("sqlite:///"))
    connection.execute("UPDATE grade SET points = 9 WHERE student = 'ada'")
    connection.commit()
    connection.execute("INSERT INTO grade VALUES ('cleo', 3)")
    connection.commit()
    connection.close()


def test_an_empty_gradebook_is_as_nbgrader_makes_it(tmp_path, course):
    def content(path):
        with closing(sqlite3.connect(path)) as book:
            tables = book.execute("SELECT name, sql FROM sqlite_master").fetchall()
            rows = {
                name: book.execute(f'SELECT * FROM "{name}"').fetchall()
                for name, sql in tables
                if sql and sql.startswith("CREATE TABLE")
            }
            return sorted(tables, key=str), rows

    create(tmp_path / "ours.db", "a course")
    Gradebook(f"sqlite:///{tmp_path}/theirs.db", "a course").close()
    assert content(tmp_path / "ours.db") == content(tmp_path / "theirs.db")


def test_amending_is_one_transaction(book):
    with pytest.raises(RuntimeError), amending(book) as url:
        _change(url)
        assert _rows(book) == [("ada", 1.0), ("ben", 2.0)]
        raise RuntimeError
    assert _rows(book) == [("ada", 1.0), ("ben", 2.0)]
    with amending(book) as url:
        _change(url)
    assert _rows(book) == [("ada", 9.0), ("ben", 2.0), ("cleo", 3.0)]


def test_what_others_wrote_and_what_no_longer_is_there_come_back_row_by_row(book):
    with closing(sqlite3.connect(book)) as one, one:
        one.execute("DELETE FROM grade WHERE student = 'ada'")  # row numbers with a gap
        one.execute("INSERT INTO grade VALUES ('cleo', NULL)")
        before = one.execute("SELECT rowid, * FROM grade").fetchall()
    with (
        amending(book) as url,
        closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as copy,
        copy,
    ):
        copy.execute("DELETE FROM grade WHERE student = 'ben'")
        copy.execute("UPDATE grade SET points = 5 WHERE student = 'cleo'")
        copy.execute("INSERT INTO grade VALUES ('ben', NULL)")  # unique names come again
        wanted = copy.execute("SELECT rowid, * FROM grade").fetchall()
    with closing(sqlite3.connect(book)) as one:
        assert one.execute("SELECT rowid, * FROM grade").fetchall() == wanted != before


def test_nobody_else_writes_meanwhile(book):
    with amending(book) as url:
        _change(url)
        other = sqlite3.connect(book, timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO grade VALUES ('dora', 4)")
        other.close()
    assert len(_rows(book)) == 3


def test_a_gradebook_in_use_or_damaged_is_told(book, monkeypatch):
    monkeypatch.setattr("labkit.grading.gradebook.database._PATIENCE", 0)
    other = sqlite3.connect(book, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with (
        pytest.raises(SourceError, match=r"gradebook\.db: database is locked.*close"),
        amending(book),
    ):
        pass
    other.close()
    book.write_bytes(b"no database, but long enough to look at" * 100)
    with pytest.raises(SourceError, match="not a database"):
        keep_copy(book)
    assert not list((book.parent / "backups").iterdir())


def test_a_course_is_looked_for(tmp_path, course):
    (tmp_path / "elsewhere").mkdir()
    with pytest.raises(SourceError, match=r"elsewhere holds no nbgrader_config\.py"):
        Course.open(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="no lab 'nothing'; choose from weights"):
        course.source("nothing")
    with pytest.raises(SourceError, match=r"pruning\.ipynb.*labkit exercises"):
        course.source("pruning")
    course.config.CourseDirectory.db_url = "postgresql://host/grades"
    with pytest.raises(InputError, match=r"postgresql.*SQLite"):
        _ = course.gradebook
    assert Path(course.submitted) == course.root / "submitted"
