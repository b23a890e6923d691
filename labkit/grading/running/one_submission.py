"""Grade one submission: bytes in, result out, whatever is in the bytes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.checks import REGISTRY, Exercise, Verdict
from labkit.checks.engine.trial import one_line
from labkit.checks.process.host import Host, Running
from labkit.checks.process.submission import Submission
from labkit.errors import InputError, SourceError
from labkit.grading.running.finished import sound
from labkit.grading.running.suspicious import suspicions
from labkit.grading.submissions.choose_file import NOTHING
from labkit.grading.submissions.outcomes import Handed, Outcome, Scored, Status

if TYPE_CHECKING:
    from nbformat import NotebookNode


_MOST = 3  # reasons that are told of a submission whose process ended again and again


def grade_one(handed: Handed, source: str, seed: int, host: Host) -> Outcome:
    """What a submission earns; its code runs where `host` starts it.

    Questions that are answered in words are left to a person.  Whatever the submission does, there
    is an outcome: what could not be graded earns no points, and its verdict says why.

    Args:
        handed: the submission.
        source: the notebook that the lab is released from, as JSON.
        seed: of the inputs that the answers are tried on.
        host: where its code runs, and how long it may.

    Returns:
        The outcome, with an empty `key`.

    Raises:
        SourceError: the host could not start a process, which is no fault of the submission.
    """
    began = time.monotonic()
    if handed.data is None:
        return not_graded(handed, source)
    try:
        notebook, remarks = _assembled(handed, source)
    except InputError as error:
        return _outcome(handed, "unreadable", str(error), _nothing(handed.lab, str(error)))
    try:
        return _graded(handed, notebook, remarks, seed, host, began)
    except SourceError:
        raise
    except Exception as error:
        return not_graded(handed, source, _fault(error))


def _fault(error: Exception) -> str:
    """The reason where the fault is ours: one submission may bring it up, and none is to suffer."""
    said = f"{type(error).__name__}: {one_line(error)}"
    return f"the grader failed at it ({said}): grade it by hand, and report the fault"


def not_graded(handed: Handed, source: str, reason: str = "") -> Outcome:
    """The outcome of a submission whose code was not run; the reason may stand in `handed`."""
    reason = reason or handed.problem
    if handed.data is None:
        status: Status = "missing" if reason == NOTHING else "unreadable"
        return _outcome(handed, status, reason, _nothing(handed.lab, reason))
    try:
        notebook, remarks = _assembled(handed, source)
    except InputError as error:
        return _outcome(handed, "unreadable", str(error), _nothing(handed.lab, str(error)))
    scores = _nothing(handed.lab, reason)
    return _outcome(handed, "partly", reason, scores, notebook=notebook, remarks=remarks)


def _assembled(handed: Handed, source: str) -> tuple[NotebookNode, tuple[str, ...]]:
    """The course's notebook with the student's answers in it, and remarks.

    Raises:
        InputError: there is no notebook in the submission; in words for the student.
    """
    import nbformat

    from labkit.grading.submissions.assemble import assemble
    from labkit.grading.submissions.read_notebook import read_notebook

    frame = nbformat.reads(source, as_version=4)
    try:
        notebook, remarks = assemble(frame, read_notebook(handed.data))
        return notebook, (*remarks, *suspicions(notebook, frame))
    except InputError:
        raise
    except Exception as error:
        raise InputError(_fault(error)) from error


def _graded(
    handed: Handed,
    notebook: NotebookNode,
    remarks: tuple[str, ...],
    seed: int,
    host: Host,
    began: float,
) -> Outcome:
    import nbformat

    from labkit.grading.submissions.assemble import runnable

    scores, host = [], _Noting(host)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder) / f"{handed.lab}.ipynb"
        path.write_text(nbformat.writes(runnable(notebook)), encoding="utf-8")
        with Submission(path, host=host) as submission:
            for exercise in submission.in_order(_exercises(handed.lab)):
                start = time.monotonic()
                grade = submission.grade(exercise, seed)
                seconds = round(time.monotonic() - start, 3)
                scores.append(
                    Scored(
                        id=exercise.id,
                        points=grade.points,
                        out_of=grade.out_of,
                        verdicts=grade.verdicts,
                        seconds=seconds,
                    )
                )
                if host.failure is not None:
                    raise SourceError(
                        f"no process could be started for the submission of {handed.student}: "
                        f"{type(host.failure).__name__}: {host.failure}"
                    )
            submission.finish()
        errors, ended = tuple(submission.errors), submission.ended
    places = [exercise.id for exercise in _exercises(handed.lab)]
    scores.sort(key=lambda score: places.index(score.id))
    reason = "; ".join(list(dict.fromkeys(ended))[:_MOST]) or _raised(errors)
    return _outcome(
        handed,
        "partly" if ended else "graded",
        reason,
        scores,
        notebook=notebook,
        remarks=remarks,
        errors=errors,
        began=began,
    )


class _Noting:
    """A host that remembers a failure to start: a check would count it against the answer."""

    def __init__(self, host: Host) -> None:
        self.cell, self.loading = host.cell, host.loading
        self.together, self.largest = host.together, host.largest
        self.failure: Exception | None = None
        self._start = host.start

    def start(self, path: Path, without: Sequence[int] = ()) -> Running:
        """As `Host.start`."""
        try:
            return self._start(path, without)
        except Exception as error:
            self.failure = error
            raise


def _raised(errors: Sequence[tuple[int, str]]) -> str:
    if not errors:
        return "all cells ran"
    return f"{len(errors)} code cell{'s' * (len(errors) > 1)} raised an error"


def _exercises(lab: str) -> list[Exercise]:
    return [exercise for exercise in REGISTRY.values() if exercise.lab == lab]


def _nothing(lab: str, reason: str) -> list[Scored]:
    """No points in any exercise, and why."""
    verdicts = (Verdict("the submission", False, reason),)
    return [
        Scored(id=exercise.id, points=0.0, out_of=exercise.points, verdicts=verdicts, seconds=0.0)
        for exercise in _exercises(lab)
    ]


def _outcome(
    handed: Handed,
    status: Status,
    reason: str,
    scores: Sequence[Scored],
    notebook: NotebookNode | None = None,
    remarks: tuple[str, ...] = (),
    errors: tuple[tuple[int, str], ...] = (),
    began: float | None = None,
) -> Outcome:
    import nbformat

    outcome = Outcome(
        student=handed.student,
        lab=handed.lab,
        status=status,
        reason=reason,
        scores=tuple(scores),
        notebook=nbformat.writes(notebook) if notebook is not None else "",
        errors=errors,
        remarks=(*handed.remarks, *remarks),
        submitted=handed.submitted,
        origin=handed.origin,
        seconds=round(time.monotonic() - began, 3) if began is not None else 0.0,
        key="",
    )
    # A student's error may have a text that no file can hold.
    return Outcome.from_json(sound(outcome.to_json()))
