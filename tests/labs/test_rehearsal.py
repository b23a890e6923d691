"""A class goes through the stock nbgrader commands, from release to exported scores."""

import csv
import html
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from labkit.checks import REGISTRY

ROOT = Path(__file__).parents[2]
VARIANTS = Path(__file__).parent / "variants"
LAB = "pruning"
FIRST, SECOND = "pruning.magnitude_mask", "pruning.global_threshold"

pytestmark = pytest.mark.slow

# Points for the first and the second exercise.
SCORES = {
    "perfect": (6, 6),
    "blank": (0, 0),
    "half": (5, 5),
    "wrong": (0, 0),
    "raises": (0, 0),
    "endless": (0, 6),
    "deletes": (6, 6),
}


class Course:
    """A copy of the course in which nbgrader's commands run."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for name in ("solutions", "exercises"):
            shutil.copytree(ROOT / name, root / name)
        shutil.copy(ROOT / "nbgrader_config.py", root)
        # The settings of whoever runs the tests stay out of it.
        self.environment = {
            **os.environ,
            "JUPYTER_CONFIG_DIR": str(root / "work/jupyter"),
            "IPYTHONDIR": str(root / "work/ipython"),
            "LABKIT_GRADING_SEED": "rehearsal",
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
        path = self.root / "submitted" / student / LAB / f"{LAB}.ipynb"
        path.parent.mkdir(parents=True)
        nbformat.write(notebook, path)


def _finish(process: subprocess.Popen) -> str:
    try:
        output, _ = process.communicate(timeout=300)
    finally:
        process.kill()
    assert process.returncode == 0, output
    return output


def _answer(notebook, id: str, source: str) -> None:
    name = f"{REGISTRY[id].grade_id}-answer"
    cells = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name]
    cells[0].source = source


def _submissions(release: Path) -> dict[str, nbformat.NotebookNode]:
    solution = nbformat.read(ROOT / f"solutions/{LAB}/{LAB}.ipynb", as_version=4)
    right = {
        id: next(c.source for c in solution.cells if c.id == f"{REGISTRY[id].grade_id}-answer")
        for id in (FIRST, SECOND)
    }
    books = {student: nbformat.read(release, as_version=4) for student in SCORES}
    for student in ("perfect", "deletes"):
        _answer(books[student], FIRST, right[FIRST])
    for student in ("perfect", "endless", "deletes"):
        _answer(books[student], SECOND, right[SECOND])
    _answer(books["half"], FIRST, (VARIANTS / FIRST / "wrong_int.py").read_text())
    _answer(books["half"], SECOND, (VARIANTS / SECOND / "wrong_threshold_ties.py").read_text())
    _answer(books["wrong"], FIRST, "def magnitude_mask(weight, sparsity):\n    return 'mask'")
    _answer(
        books["wrong"], SECOND, "def global_masks(weights, sparsity):\n    return 3 * [weights]"
    )
    _answer(
        books["endless"],
        FIRST,
        "def magnitude_mask(weight, sparsity):\n    while True:\n        pass",
    )
    for cell in books["raises"].cells:
        if cell.cell_type == "code" and not cell.metadata.get("nbgrader", {}).get("locked"):
            cell.source = f"raise SystemError('no')\n{cell.source}"
    # Only the graded cell waits for the endless loop: the others would cost the deadline again.
    books["endless"].cells = [
        c for c in books["endless"].cells if "nbgrader" in c.metadata or "import" in c.source
    ]
    grade_id = REGISTRY[FIRST].grade_id
    books["deletes"].cells = [c for c in books["deletes"].cells if c.id != grade_id]
    return books


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    course = Course(tmp_path_factory.mktemp("course"))
    course.nbgrader("generate_assignment", LAB)
    for student, notebook in _submissions(course.root / f"exercises/{LAB}/{LAB}.ipynb").items():
        course.submit(student, notebook)
    # It needs no gradebook, so it may run beside the grading.
    paths = [f"{place}/{LAB}/{LAB}.ipynb" for place in ("solutions", "exercises")]
    validation = course.start("validate", *paths)
    course.nbgrader("autograde", LAB)
    course.nbgrader("generate_feedback", LAB)
    course.nbgrader("export")
    course.validation = _finish(validation)
    return course


def test_stock_release_is_the_one_in_the_repository(course):
    folder = course.root / "exercises" / LAB
    released = sorted(path for path in folder.rglob("*") if path.is_file())
    assert [path.relative_to(course.root).as_posix() for path in released] == [
        f"exercises/{LAB}/{LAB}.ipynb"
    ]
    assert released[0].read_bytes() == (ROOT / f"exercises/{LAB}/{LAB}.ipynb").read_bytes()
    text = f"solutions/{LAB}/{LAB}.py"
    assert (course.root / text).read_bytes() == (ROOT / text).read_bytes()


def test_exported_scores_are_exact(course):
    with (course.root / "grades.csv").open() as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {student: float(row["score"]) for student, row in rows.items()} == {
        student: float(sum(scores)) for student, scores in SCORES.items()
    }
    assert {float(row["max_score"]) for row in rows.values()} == {12.0}


def test_gradebook_holds_the_score_of_each_exercise(course):
    from nbgrader.api import Gradebook

    ids = (REGISTRY[FIRST].grade_id, REGISTRY[SECOND].grade_id)
    with Gradebook(f"sqlite:///{course.root}/gradebook.db", "llm-sparsity-lab") as book:
        for student, scores in SCORES.items():
            found = tuple(book.find_grade(id, LAB, LAB, student).auto_score for id in ids)
            assert found == scores, student
            assert not book.find_submission(LAB, student).needs_manual_grade


def test_feedback_shows_verdicts_and_no_hidden_line(course):
    hidden, inside = set(), False
    for line in (ROOT / f"solutions/{LAB}/{LAB}.py").read_text().splitlines():
        if "HIDDEN TESTS" in line:
            inside = "BEGIN" in line
        elif inside:
            hidden.add("".join(line.split()))
    assert hidden
    for student, scores in SCORES.items():
        page = (course.root / "feedback" / student / LAB / f"{LAB}.html").read_text()
        text = html.unescape(re.sub(r"<[^>]*>", "", page))
        squeezed = "".join(text.split())
        assert "HIDDENTESTS" not in squeezed
        assert not [line for line in hidden if line in squeezed]
        assert "grading_seed" not in text
        # Neither the source of a check nor a frame of labkit.
        assert "labkit/checks" not in text
        assert text.count("passed  ") + text.count("failed  ") >= 12, student
        assert ("failed  " in text) == (sum(scores) < 12)


def test_feedback_names_the_misconception(course):
    page = html.unescape((course.root / f"feedback/half/{LAB}/{LAB}.html").read_text())
    assert "looks like 'int() for round()'" in page
    assert "looks like 'threshold with ties'" in page
    assert "book/02-pruning.md#pruning.global_threshold" in page


def test_validate_passes_the_reference_and_fails_the_release(course):
    good, blank = course.validation.split("VALIDATION FAILED")
    assert "Success" in good
    assert blank.startswith(" ON 2 CELL(S)")
