"""A class goes through the stock nbgrader commands in every lab, from release to scores."""

import contextlib
import csv
import html
import os
import re
import runpy
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
import warm
from places import ROOT
from turns import today

from labkit.checks import REGISTRY, TASKS, Written

VARIANTS = Path(__file__).parent / "variants"
SEED = "rehearsal"
LABS = list(dict.fromkeys(task.lab for task in TASKS.values()))
# One lab in a quick run, which has a written question too; on the days between, those of the guide
# (`grading/test_guide.py`) take the same way by its commands.
QUICK = "weights" if today(0, 2) else None
CASES = [pytest.param(lab, marks=() if lab == QUICK else pytest.mark.full) for lab in LABS]
EVERYWHERE = ("perfect", "half", "misled")
USELESS = ("blank", "types", "raises")
# Each notebook costs a kernel: in all labs but this one student, `useless`, is each in turn.
WHOLE_CLASS = "pruning"
# One student loops without end, one deletes a graded cell.
ODD = ("endless", "deletes")
PLACES = ("exercises", "solutions")
COURSE_ID = "llm-sparsity-lab"

# The wrong answers of the student `misled`, and what they earn at this seed.
MISLED = {
    "weights.prunable": ("wrong_all_parameters", 0),
    "weights.share_below": ("wrong_above", 0),
    "weights.bands": ("wrong_closed", 4),
    "weights.histogram": ("wrong_clamp", 3.4286),
    "weights.kurtosis": ("wrong_early", 3.3333),
    "pruning.magnitude_mask": ("wrong_int", 4),
    "pruning.global_threshold": ("wrong_threshold_ties", 4),
    "pruning.apply": ("wrong_assigned", 5),
    "pruning.achieved": ("wrong_density", 0),
    "pruning.sweep": ("wrong_added", 0),
    "pruning.cubic": ("wrong_added", 1.6),
    "pruning.layerwise": ("wrong_asked", 1.6667),
    "mrpc.collate": ("wrong_fixed", 0),
    "mrpc.scores": ("wrong_accuracy", 0),
    "mrpc.evaluate": ("wrong_above_zero", 2.5714),
    "mrpc.encode": ("wrong_alone", 0),
    "mrpc.collapse": ("wrong_accuracy", 3),
    "mrpc.bootstrap": ("wrong_all_drawn", 0),
    "mrpc.paired": ("wrong_above_one", 4.2857),
    "mrpc.given_up": ("wrong_at_most_majority", 0.8571),
    "size.bytes": ("wrong_bits", 0),
    "size.csr": ("wrong_absolute", 0),
    "size.bitmask": ("wrong_all_values", 0),
    "size.unpack": ("wrong_by_place", 0),
    "size.entropy": ("wrong_kept", 0.6667),
    "size.break_even_sparsity": ("wrong_clamp", 3.3333),
    "size.timing": ("wrong_around_all", 0),
    "size.csr_linear": ("wrong_bias_for_each_value", 1.1667),
    "size.break_even": ("wrong_always", 2.5),
    "challenges.two_four": ("wrong_apart", 0),
    "challenges.wanda": ("wrong_columns", 0),
    "challenges.sensitivity": ("wrong_abs", 5.1429),
    "challenges.masked_step": ("wrong_before", 0),
    "language.loss": ("wrong_target_only", 2),
    "language.windows": ("wrong_again", 1.7143),
    "language.scores": ("wrong_characters", 1.4286),
    "language.interval": ("wrong_means_of_means", 2.1429),
    "language.repetition": ("wrong_across", 2.2857),
    "language.paired": ("wrong_ties", 1.7143),
    "criteria.scores": ("wrong_norms", 0),
    "criteria.nm": ("wrong_reshape", 1.3333),
    "criteria.hessian": ("wrong_means", 1.25),
    "criteria.obs": ("wrong_whole", 3.6),
    "criteria.sparsegpt": ("wrong_within", 2.6667),
    "criteria.allocate": ("wrong_cut_off", 2.1429),
}
# The student `half` has every second exercise right, from the first, and this one half right.
HALF_RIGHT = {
    "weights.share_below": ("wrong_empty", 3.2),
    "pruning.achieved": ("wrong_tied", 4),
    "mrpc.scores": ("wrong_zero_division", 3.2),
    "size.unpack": ("wrong_not_cut", 1.6),
    "challenges.wanda": ("wrong_padding", 4.2857),
    "language.windows": ("wrong_stride_at_end", 3.4286),
    "criteria.nm": ("wrong_short_kept", 2),
}

pytestmark = pytest.mark.slow


def _coded(lab: str) -> list:
    return [exercise for exercise in REGISTRY.values() if exercise.lab == lab]


def _students(lab: str) -> tuple[str, ...]:
    return EVERYWHERE + ((*USELESS, *ODD) if lab == WHOLE_CLASS else ("useless",))


def _expected(student: str, exercise) -> float:
    """Points that a student earns with an exercise."""
    position = _coded(exercise.lab).index(exercise)
    if student == "misled":
        return MISLED[exercise.id][1]
    if student == "half" and exercise.id in HALF_RIGHT:
        return HALF_RIGHT[exercise.id][1]
    first, second = _coded(WHOLE_CLASS)[:2]
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
            "JUPYTER_PATH": str(warm.kernels(root / "work/warm")),
            "LABKIT_GRADING_SEED": SEED,
            # Tiny tensors: more threads only wait for each other.
            "OMP_NUM_THREADS": "1",
        }

    def start(self, *arguments: str) -> subprocess.Popen:
        return subprocess.Popen(
            warm.command("nbgrader", *arguments),
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

    @contextlib.contextmanager
    def server(self) -> Iterator[Callable[[str], str]]:
        """Jupyter's server on this machine alone; what it gives gets a page by its path."""
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        settings = {
            "ServerApp.root_dir": self.root,
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": port,
            "ServerApp.open_browser": False,
            "ServerApp.allow_root": True,
            "IdentityProvider.token": SEED,
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = warm.command("jupyter_server", *options)
        # Loopback is asked without a proxy, whatever the environment says.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        opener.addheaders = [("Authorization", f"token {SEED}")]

        def get(path: str) -> str:
            with opener.open(f"http://127.0.0.1:{port}{path}", timeout=60) as answer:
                return answer.read().decode()

        with (self.root / "server.log").open("w") as log:
            process = subprocess.Popen(
                command, cwd=self.root, env=self.environment, stdout=log, stderr=log
            )
        try:
            for _ in range(600):
                with contextlib.suppress(OSError):
                    get("/api/status")
                    break
                assert process.poll() is None, (self.root / "server.log").read_text()
                time.sleep(0.2)
            yield get
        finally:
            process.terminate()
            process.wait(60)

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
    for number, exercise in enumerate(_coded(lab)):
        way = USELESS[number % 3] if student == "useless" else student
        wrong = {"misled": MISLED, "half": HALF_RIGHT}.get(student, {}).get(exercise.id)
        if wrong:
            _answer(notebook, exercise, (VARIANTS / exercise.id / f"{wrong[0]}.py").read_text())
        elif way == "raises":
            _answer(notebook, exercise, "raise SystemError('no')")
        elif way == "types":
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


@pytest.fixture(scope="module", params=CASES)
def course(request, tmp_path_factory):
    lab = request.param
    course = Course(tmp_path_factory.mktemp(lab), lab)
    course.nbgrader("generate_assignment", lab)
    for student in _students(lab):
        course.submit(
            student, _submission(course.root / f"exercises/{lab}/{lab}.ipynb", lab, student)
        )
    course.nbgrader("autograde", lab)
    course.nbgrader("generate_feedback", lab)
    course.nbgrader("export")
    return course


def test_stock_release_is_the_one_in_the_repository(course):
    lab = course.lab
    released = [p for p in (course.root / "exercises" / lab).rglob("*") if p.is_file()]
    assert [path.name for path in released] == [f"{lab}.ipynb"]
    assert released[0].read_bytes() == (ROOT / f"exercises/{lab}/{lab}.ipynb").read_bytes()


def test_scores_are_exact(course):
    exercises = _coded(course.lab)
    expected = {s: [_expected(s, e) for e in exercises] for s in _students(course.lab)}
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
        path = VARIANTS / exercise.id / f"{MISLED[exercise.id][0]}.py"
        assert runpy.run_path(str(path))["MISTAKE"] in page, exercise.id


@pytest.mark.parametrize("course", CASES[:1], indirect=True)
def test_validate_fails_the_release_and_passes_the_solution(course):
    lab = course.lab
    # Two kernels that start at once may be given one port: files have names of their own.
    files = "--KernelManager.transport=ipc"
    runs = [course.start("validate", files, f"{place}/{lab}/{lab}.ipynb") for place in PLACES]
    release, solution = map(_finish, runs)
    tasks = [task for task in TASKS.values() if task.lab == lab]
    assert f"VALIDATION FAILED ON {len(tasks)} CELL(S)" in release
    assert "Success! Your notebook passes all the tests." in solution


@pytest.mark.parametrize("course", CASES[:1], indirect=True)
def test_formgrader_shows_an_answer_to_be_graded_by_hand(course):
    with course.gradebook() as book:
        id = book.find_submission_notebook(course.lab, course.lab, "perfect").id
    with course.server() as get:
        page = get(f"/formgrader/submissions/{id}/")
    assert "perfect</a>" in page
    assert "All three differ." in page
    for number in (points for points, _ in TASKS["weights.reading"].rubric):
        assert f">{number}</td>" in page
