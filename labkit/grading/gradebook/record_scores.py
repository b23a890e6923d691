"""Write outcomes into nbgrader's gradebook and autograded/, as `nbgrader autograde` would.

nbgrader's own converter does it, in a folder of its own and on a copy of the gradebook; only its
step that runs the notebook is replaced by one that fills in what `labkit.grading` found.  Late
penalties, questions for a person, feedback and export are nbgrader's own from there on.
"""

from __future__ import annotations

import hashlib
import io
import logging
import shutil
import tempfile
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.checks import REGISTRY
from labkit.checks.scoring import lines
from labkit.errors import SourceError
from labkit.files import replacing_folder, write_text
from labkit.grading.gradebook.course import Course
from labkit.grading.gradebook.database import amending, create, keep_copy, on_disk
from labkit.grading.gradebook.handed_in_files import kept, write
from labkit.grading.submissions.archive import File
from labkit.grading.submissions.outcomes import Outcome, Scored

if TYPE_CHECKING:
    from nbformat import NotebookNode

_MARK = "labkit_outcome"  # metadata of an autograded notebook: the outcome it was made from


class _Refused(SourceError):
    """nbgrader raised an error of its own."""


def record(
    course: Course,
    lab: str,
    source: str,
    outcomes: Sequence[Outcome],
    report: Callable[[str, int, int], None] = lambda *_: None,
    beside: Mapping[str, Sequence[File]] | None = None,
    told: Callable[[str], None] = lambda _: None,
) -> int:
    """Record the outcomes that the gradebook does not hold yet; returns how many that were.

    A copy of the gradebook is kept first.  Each student is one transaction: killed at any moment,
    the gradebook holds a student's scores as they were before or as they are to be, and the same
    call records the rest.  The lab is entered into the gradebook, or brought up to date, as
    `nbgrader generate_assignment` does it.  A student who handed in nothing is known to the
    gradebook, but has no submission.  What a person graded stays.  `beside` are the files of each
    student: they go to autograded/, too, and `told` hears which of them did not.

    Raises:
        SourceError: the gradebook or autograded/ cannot be written, or nbgrader refuses some of
            the outcomes; the others are recorded.
    """
    create(course.gradebook, course.course_id)
    known = _recorded_scores(course, lab)
    files = {student: kept(some, lab) for student, some in (beside or {}).items()}
    marks = {
        outcome.student: _digest(outcome, files.get(outcome.student, {})) for outcome in outcomes
    }
    pending = [one for one in outcomes if not _is_recorded(course, one, known, marks[one.student])]
    if not pending:
        return 0
    keep_copy(course.gradebook)
    _enter(course, lab, source, [o.student for o in pending if o.student not in known])
    refused: list[_Refused] = []
    for number, outcome in enumerate(pending):
        report(outcome.student, number, len(pending))
        if outcome.status != "missing":
            try:
                student = outcome.student
                lost = _record_one(course, source, outcome, marks[student], files.get(student, {}))
                if lost:
                    told(f"{student}: {lost}")
            except _Refused as error:
                refused.append(error)
    report("", len(pending), len(pending))
    if refused:
        raise SourceError(f"{len(refused)} of {len(pending)} were not recorded. {refused[0]}")
    return len(pending)


def _digest(outcome: Outcome, files: Collection[str]) -> str:
    said = "\0".join([outcome.to_json(), *files])
    return hashlib.sha256(said.encode(errors="replace")).hexdigest()


def _recorded_scores(course: Course, lab: str) -> dict[str, dict[str, float | None] | None]:
    """Automatic scores by student and graded cell; None for a student without a submission."""
    from nbgrader.api import Gradebook, MissingEntry

    url = f"sqlite:///{course.gradebook}"
    with (
        _said(f"nbgrader cannot read {course.gradebook}"),
        Gradebook(url, course.course_id) as book,
    ):
        found: dict[str, Any] = {student.id: None for student in book.students}
        try:
            submissions = book.assignment_submissions(lab)
        except MissingEntry:
            submissions = []
        for submission in submissions:
            grades = [grade for notebook in submission.notebooks for grade in notebook.grades]
            found[submission.student_id] = {grade.name: grade.auto_score for grade in grades}
    return found


def _is_recorded(course: Course, outcome: Outcome, known: dict[str, Any], mark: str) -> bool:
    """Whether gradebook and autograded notebook both hold this very outcome, and its files.

    The notebook is put in place after the gradebook was written.  The gradebook is looked at
    because it may have been restored from a copy.
    """
    if outcome.status == "missing":
        return outcome.student in known
    import nbformat

    scores = known.get(outcome.student) or {}
    if any(scores.get(_grade_id(score)) != score.points for score in outcome.scores):
        return False
    path = course.autograded(outcome.lab, outcome.student) / f"{outcome.lab}.ipynb"
    try:
        return nbformat.read(path, as_version=4).metadata.get(_MARK) == mark
    except Exception:  # not there, or somebody's own: it is written anew
        return False


def _enter(course: Course, lab: str, source: str, students: Collection[str]) -> None:
    """Save the lab's graded cells, as generate_assignment does, and students not known yet."""
    from nbgrader.api import Gradebook
    from nbgrader.converters import GenerateAssignment

    with amending(course.gradebook) as url, tempfile.TemporaryDirectory() as folder:
        directory = course.directory(lab, root=str(Path(folder).resolve()), db_url=url)
        path = Path(directory.format_path(directory.source_directory, ".", lab))
        write_text(path / f"{lab}.ipynb", source)
        with _said(f"nbgrader cannot enter the lab {lab!r} into the gradebook") as log:
            GenerateAssignment(coursedir=directory, config=course.config, log=log).start()
        with Gradebook(url, course.course_id) as book:
            for student in students:
                book.update_or_create_student(student)


def _record_one(
    course: Course, source: str, outcome: Outcome, mark: str, files: dict[str, File]
) -> str:
    """Record one outcome; returns which of the files could not be kept."""
    from nbgrader.converters import Autograde
    from nbgrader.preprocessors import Execute

    lab, student = outcome.lab, outcome.student
    with on_disk(course.gradebook), tempfile.TemporaryDirectory() as folder:
        with amending(course.gradebook) as url:
            settings = {
                "root": str(Path(folder).resolve()),
                # Other files of the lab are copied from there.
                "source_directory": str(course.root / course.directory(lab).source_directory),
                "db_url": url,
                "student_id": student,
            }
            directory = course.directory(lab, **settings)
            handed = Path(directory.format_path(directory.submitted_directory, student, lab))
            lost = write(files, handed)
            write_text(handed / f"{lab}.ipynb", outcome.notebook or _blank(source))
            if outcome.submitted:
                write_text(handed / "timestamp.txt", outcome.submitted)
            with _said(f"nbgrader cannot record the submission of {student!r}") as log:
                converter = Autograde(coursedir=directory, config=course.config, log=log)
                converter.autograde_preprocessors = [
                    _filling(outcome, mark) if step is Execute else step
                    for step in converter.autograde_preprocessors
                ]
                converter.start()
        # The gradebook comes first: see `_is_recorded`.
        made = directory.format_path(directory.autograded_directory, student, lab)
        with replacing_folder(course.autograded(lab, student)) as target:
            shutil.copytree(made, target, dirs_exist_ok=True)
    return lost


def _blank(source: str) -> str:
    """The lab without answers."""
    import nbformat

    from labkit.grading.submissions.assemble import assemble

    empty = nbformat.v4.new_notebook()
    return nbformat.writes(assemble(nbformat.reads(source, as_version=4), empty)[0])


def _filling(
    outcome: Outcome, mark: str
) -> Callable[[NotebookNode, Any], tuple[NotebookNode, Any]]:
    """A step for the converter that fills in outputs where nbgrader would run the cells."""
    scores = {_grade_id(score): score for score in outcome.scores}
    errors = dict(outcome.errors)

    def fill(notebook: NotebookNode, resources: Any) -> tuple[NotebookNode, Any]:
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        for number, cell in enumerate(code, start=1):
            settings = cell.metadata.get("nbgrader", {})
            if settings.get("grade"):
                cell.outputs = _graded(scores.get(settings["grade_id"]))
            elif number in errors:
                cell.outputs = [_error(errors[number])]
        notebook.metadata[_MARK] = mark
        return notebook, resources

    return fill


def _graded(score: Scored | None) -> list[NotebookNode]:
    """What nbgrader reads a grade from: the value of the cell; an error means no points."""
    from nbformat.v4 import new_output

    if score is None:
        return [_error("NotGraded: this exercise was not graded")]
    said = "".join(f"{line}\n" for line in lines(score.verdicts))
    return [
        new_output("stream", name="stdout", text=said),
        new_output("execute_result", data={"text/plain": str(score.points)}, execution_count=None),
    ]


def _error(text: str) -> NotebookNode:
    from nbformat.v4 import new_output

    name, _, value = text.partition(": ")
    return new_output("error", ename=name, evalue=value, traceback=[text])


def _grade_id(score: Scored) -> str:
    return REGISTRY[score.id].grade_id


@contextmanager
def _said(problem: str) -> Iterator[logging.Logger]:
    """Yield a log for nbgrader, which tells it what is wrong, and its exception to look there."""
    from nbgrader.converters import NbGraderException
    from sqlalchemy.exc import SAWarning, SQLAlchemyError

    log, said = logging.Logger("record"), io.StringIO()
    log.addHandler(logging.StreamHandler(said))
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # of its own way to enter a submission
            yield log
    except (NbGraderException, SQLAlchemyError) as error:
        raise _Refused(f"{problem}:\n{said.getvalue() or error}") from error
