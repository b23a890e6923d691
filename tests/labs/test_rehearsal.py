"""A class goes through the stock nbgrader commands in every lab, from release to scores."""

import csv
import html
import os
import re
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from labkit import checks
from labkit.checks import REGISTRY, TASKS, Written

ROOT = Path(__file__).parents[2]
VARIANTS = Path(__file__).parent / "variants"
SEED = "rehearsal"
LABS = list(dict.fromkeys(task.lab for task in TASKS.values()))
PLAIN = ("perfect", "blank", "half", "misled", "types", "raises")
# The lab `pruning` has two students more: one loops without end, one deletes a graded cell.
ODD = ("endless", "deletes")
COURSE_ID = "llm-sparsity-lab"

pytestmark = pytest.mark.slow


def _coded(lab: str) -> list:
    return [exercise for exercise in REGISTRY.values() if exercise.lab == lab]


def _students(lab: str) -> tuple[str, ...]:
    return PLAIN + (ODD if lab == "pruning" else ())


def _misled(exercise) -> Path:
    """The wrong answer of the student `misled`."""
    names = {
        "pruning.magnitude_mask": "wrong_int.py",
        "pruning.global_threshold": "wrong_threshold_ties.py",
    }
    folder = VARIANTS / exercise.id
    return folder / names.get(exercise.id, min(path.name for path in folder.glob("wrong_*.py")))


def _expected(student: str, exercise) -> float:
    """Points of a student; those of `misled` are what the check itself gives, elsewhere run."""
    first, second = _coded("pruning")[:2]
    position = _coded(exercise.lab).index(exercise)
    if student == "misled":
        function = runpy.run_path(str(_misled(exercise)))[exercise.function]
        return checks.grade(exercise.id, function, seed=checks.grading_seed()).points
    full = {
        "perfect": True,
        "half": position % 2 == 0,
        "endless": exercise is second,
        "deletes": exercise in (first, second),
    }
    return float(exercise.points) if full.get(student) else 0.0


class Course:
    """A copy of the course with one lab, in which nbgrader's commands run."""

    def __init__(self, root: Path, lab: str) -> None:
        self.root, self.lab = root, lab
        for name in ("solutions", "exercises"):
            shutil.copytree(ROOT / name / lab, root / name / lab)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        # The settings of whoever runs the tests stay out of it.
        self.environment = {
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(root / "work/jupyter"),
            "IPYTHONDIR": str(root / "work/ipython"),
            "LABKIT_GRADING_SEED": SEED,
            # Tiny tensors: more threads only wait for each other.
            "OMP_NUM_THREADS": "1",
        }

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            [sys.executable, "-m", "nbgrader", *arguments],
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def nbgrader(self, *arguments: str) -> None:
        _finish(self.start(*arguments))

    def submit(self, student: str, notebook: nbformat.NotebookNode) -> None:
        path = self.root / "submitted" / student / self.lab / f"{self.lab}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)

    def gradebook(self):
        from nbgrader.api import Gradebook

        return Gradebook(f"sqlite:///{self.root}/gradebook.db", COURSE_ID)


def _finish(process: subprocess.Popen) -> str:
    try:
        output, _ = process.communicate(timeout=600)
    finally:
        process.kill()
    assert process.returncode == 0, output
    return output


def _answer(notebook, exercise, source: str) -> None:
    name = f"{exercise.grade_id}-answer"
    cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name]
    cells[0].source = source


def _submission(release: Path, lab: str, student: str) -> nbformat.NotebookNode:
    notebook = nbformat.read(release, as_version=4)
    solution = nbformat.read(ROOT / f"solutions/{lab}/{lab}.ipynb", as_version=4)
    right = {cell.id: cell.source for cell in solution.cells}
    for exercise in _coded(lab):
        if student == "misled":
            _answer(notebook, exercise, _misled(exercise).read_text())
        elif student == "types":
            text = f"def {exercise.function}(*arguments):\n    return 3 * ['text', print]"
            _answer(notebook, exercise, text)
        elif student == "endless" and exercise.id == "pruning.magnitude_mask":
            text = f"def {exercise.function}(weight, sparsity):\n    while True:\n        pass"
            _answer(notebook, exercise, text)
        elif _expected(student, exercise):
            _answer(notebook, exercise, right[f"{exercise.grade_id}-answer"])
    for task in TASKS.values():
        if task.lab == lab and isinstance(task, Written) and student == "perfect":
            next(c for c in notebook.cells if c.id == task.grade_id).source = "All three differ."
    if student == "raises":
        for cell in notebook.cells:
            if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("locked"):
                cell.source = f"raise SystemError('no')\n{cell.source}"
    if student == "deletes":
        notebook.cells = [c for c in notebook.cells if c.id != "pruning-magnitude_mask"]
    if student != "perfect":
        # Pictures and visible checks only cost time here.
        notebook.cells = [
            cell
            for cell in notebook.cells
            if cell.cell_type != "code" or "nbgrader" in cell.metadata or "import" in cell.source
        ]
    return notebook


@pytest.fixture(scope="module", params=LABS)
def course(request, tmp_path_factory):
    lab = request.param
    course = Course(tmp_path_factory.mktemp(lab), lab)
    course.nbgrader("generate_assignment", lab)
    for student in _students(lab):
        course.submit(
            student, _submission(course.root / f"exercises/{lab}/{lab}.ipynb", lab, student)
        )
    # It needs no gradebook, so it may run beside the grading.
    validation = course.start("validate", f"exercises/{lab}/{lab}.ipynb")
    course.nbgrader("autograde", lab)
    course.nbgrader("generate_feedback", lab)
    course.nbgrader("export")
    course.validation = _finish(validation)
    return course


@pytest.fixture(autouse=True)
def seed(monkeypatch):
    monkeypatch.setenv("LABKIT_GRADING_SEED", SEED)


def test_stock_release_is_the_one_in_the_repository(course):
    lab = course.lab
    released = [p for p in (course.root / "exercises" / lab).rglob("*") if p.is_file()]
    assert [path.name for path in released] == [f"{lab}.ipynb"]
    assert released[0].read_bytes() == (ROOT / f"exercises/{lab}/{lab}.ipynb").read_bytes()


def test_scores_are_exact(course):
    exercises = _coded(course.lab)
    expected = {s: [_expected(s, e) for e in exercises] for s in _students(course.lab)}
    if course.lab == "pruning":
        assert expected["misled"][:2] == [5, 5]
    with course.gradebook() as book:
        for student, scores in expected.items():
            found = [
                book.find_grade(e.grade_id, course.lab, course.lab, student).auto_score
                for e in exercises
            ]
            assert found == pytest.approx(scores, abs=1e-3), student
    with (course.root / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {student: float(row["score"]) for student, row in rows.items()} == {
        student: pytest.approx(sum(scores), abs=1e-3) for student, scores in expected.items()
    }
    out_of = sum(task.points for task in TASKS.values() if task.lab == course.lab)
    assert {float(row["max_score"]) for row in rows.values()} == {float(out_of)}
    assert sum(expected["misled"]) < 0.9 * sum(expected["perfect"])


def test_written_answers_wait_for_a_person(course):
    questions = [t for t in TASKS.values() if t.lab == course.lab and isinstance(t, Written)]
    with course.gradebook() as book:
        for student in _students(course.lab):
            waiting = book.find_submission(course.lab, student).needs_manual_grade
            assert waiting == (bool(questions) and student == "perfect"), student
        for question in questions:
            grade = book.find_grade(question.grade_id, course.lab, course.lab, "perfect")
            grade.manual_score = question.points
            grade.needs_manual_grade = False
        book.db.commit()
        full = sum(task.points for task in TASKS.values() if task.lab == course.lab)
        assert book.find_submission(course.lab, "perfect").score == full


def test_feedback_shows_verdicts_and_no_hidden_line(course):
    lab, hidden, inside = course.lab, set(), False
    for line in (ROOT / f"solutions/{lab}/{lab}.py").read_text().splitlines():
        if "HIDDEN TESTS" in line:
            inside = "BEGIN" in line
        elif inside:
            hidden.add("".join(line.split()))
    assert hidden
    for student in _students(lab):
        page = (course.root / "feedback" / student / lab / f"{lab}.html").read_text()
        text = html.unescape(re.sub(r"<[^>]*>", "", page))
        squeezed = "".join(text.split())
        assert "HIDDENTESTS" not in squeezed
        assert not [line for line in hidden if line in squeezed]
        assert "grading_seed" not in text
        # Neither the source of a check nor a frame of labkit.
        assert "labkit/checks" not in text
        assert text.count("passed  ") + text.count("failed  ") >= 2 * len(_coded(lab)), student
        right = all(_expected(student, e) == e.points for e in _coded(lab))
        assert ("failed  " in text) == (not right), student


def test_feedback_names_the_misconception(course):
    page = html.unescape(
        (course.root / f"feedback/misled/{course.lab}/{course.lab}.html").read_text()
    )
    for exercise in _coded(course.lab):
        mistake = runpy.run_path(str(_misled(exercise)))["MISTAKE"]
        assert mistake in page, exercise.id


def test_validate_fails_the_release(course):
    tasks = [task for task in TASKS.values() if task.lab == course.lab]
    assert f"VALIDATION FAILED ON {len(tasks)} CELL(S)" in course.validation
