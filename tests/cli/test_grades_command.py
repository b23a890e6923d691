"""`labkit grades` hands on what the gradebook says, as `nbgrader export` does."""

import csv
import json
import shutil
from dataclasses import replace

import graded
import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins.export import CsvExportPlugin
from places import ROOT
from typer.testing import CliRunner

from labkit.cli import app
from labkit.errors import SourceError
from labkit.grading.gradebook.course import Course
from labkit.grading.gradebook.final_scores import final_points
from labkit.grading.running.finished import Store

LAB = "weights"
PENALTIES = {"amara": 0, "benedikt": 5, "esi": 50}  # of 26 points each
WAITING, ABSENT = "chiara", "farid"


def _book(root):
    """A gradebook in which late submissions cost points and one answer waits for a person."""
    Course.open(root)  # the settings put nbgrader's `alembic` on the path
    with Gradebook(f"sqlite:///{root}/gradebook.db", "llm-sparsity-lab") as book:
        book.add_assignment(LAB)
        book.add_notebook(LAB, LAB)
        book.add_grade_cell("code", LAB, LAB, max_score=26, cell_type="code")
        book.add_student(ABSENT)
        for student in (*PENALTIES, WAITING):
            book.add_student(student)
            book.add_submission(LAB, student)
            notebook = book.find_submission_notebook(LAB, LAB, student)
            notebook.late_submission_penalty = PENALTIES.get(student)
            grade = book.find_grade("code", LAB, LAB, student)
            grade.auto_score, grade.manual_score = 20, 24 if student == "amara" else None
            grade.needs_manual_grade = student == WAITING
        book.db.commit()


@pytest.fixture
def course(tmp_path):
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    _book(tmp_path)
    store = Store(tmp_path / "graded" / LAB / "outcomes")
    for student in (*PENALTIES, WAITING, ABSENT):
        store.put(replace(graded.outcomes()[0], lab=LAB, scores=(), student=student))
    return tmp_path


def _run(course, *arguments):
    where = ["--course", str(course), "--out", str(course / "graded")]
    return CliRunner().invoke(app, ["grades", LAB, *arguments, *where])


def test_points_are_those_of_nbgraders_export(course):
    finals, waiting = final_points(Course.open(course), LAB)
    with Gradebook(f"sqlite:///{course}/gradebook.db", "llm-sparsity-lab") as book:
        CsvExportPlugin(to=str(course / "grades.csv")).export(book)
    with (course / "grades.csv").open(encoding="utf-8") as file:
        exported = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert exported.pop(ABSENT) == 0
    assert finals == exported == {"amara": 24, "benedikt": 15, "esi": 0, WAITING: 20}
    assert waiting == (WAITING,)


def test_every_form_has_the_points_of_the_gradebook(course):
    for form in ("feedback", "canvas", "moodle", "gradescope"):
        result = _run(course, form)
        assert result.exit_code == 0, result.output
        assert f"1 wait for a grade in Formgrader: {WAITING}" in result.stderr
    folder = course / "graded" / LAB
    said = (folder / "feedback/benedikt.txt").read_text(encoding="utf-8")
    assert said.startswith(f"Lab {LAB}: 15 of 32 points\n")
    late = f"It was handed in late, which cost {PENALTIES['benedikt']:g} points."
    assert late in said
    assert "late" not in (folder / "feedback/amara.txt").read_text(encoding="utf-8")
    told = json.loads((folder / "gradescope/benedikt/results.json").read_text("utf-8"))
    assert late in told["output"]
    with (folder / "canvas.csv").open(encoding="utf-8", newline="") as file:
        canvas = {row["SIS Login ID"]: row[LAB] for row in csv.DictReader(file)}
    with (folder / "moodle.csv").open(encoding="utf-8", newline="") as file:
        moodle = {row["ID number"]: row[LAB] for row in csv.DictReader(file)}
    for name, points in {"amara": 24, "benedikt": 15, "esi": 0}.items():
        assert float(canvas[name]) == float(moodle[name]) == points
        result = json.loads((folder / f"gradescope/{name}/results.json").read_text("utf-8"))
        assert result["score"] == points


def test_who_is_not_in_the_platforms_file_is_named(course):
    (course / "book.csv").write_text("Student,ID,SIS Login ID,Section\nAmara,1,amara,A\n")
    result = _run(course, "canvas", "--gradebook", str(course / "book.csv"))
    assert result.exit_code == 0 and result.stdout.startswith("1 students")
    assert "left out: benedikt, chiara, esi, farid" in result.stderr


def test_what_the_gradebook_does_not_hold_keeps_the_points_are_those_of_the_checks(course):
    (course / "gradebook.db").unlink()
    assert final_points(Course.open(course), LAB) == ({}, ())
    assert not (course / "gradebook.db").exists(), "looking makes no gradebook"
    _book(course)
    assert final_points(Course.open(course), "size") == ({}, ())


def test_a_lab_that_was_not_graded_is_told_what_to_do(course):
    result = CliRunner().invoke(app, ["grades", "size", "canvas", "--out", str(course / "graded")])
    assert result.exit_code == 1 and isinstance(result.exception, SourceError)
    assert "run `labkit grade size` first" in str(result.exception)
