"""Grade the one submission that lies in a folder, whatever its files are called."""

from __future__ import annotations

from pathlib import Path

from labkit.checks.process.host import Host
from labkit.errors import InputError
from labkit.grading.running.one_submission import grade_one
from labkit.grading.submissions.archive import files_in
from labkit.grading.submissions.choose_file import NOTHING, is_notebook, pick_notebook
from labkit.grading.submissions.outcomes import Handed, Outcome

_MOST_NAMED = 8


def handed_over(folder: Path | str, lab: str, student: str = "submission") -> Handed:
    """The notebook in `folder`, or why there is none that can be graded, in words for the student.

    The file may have any name and lie in a zip archive.  Of several notebooks none is graded: on a
    platform the student can hand in again at once, and knows which one is meant.
    """
    try:
        with files_in(folder) as files:
            notebooks = [file.origin for file in files if is_notebook(file)]
            if len(notebooks) > 1:
                return Handed(student=student, lab=lab, data=None, problem=_several(notebooks, lab))
            pick = pick_notebook(files, lab, timed=False)
    except InputError as error:
        return Handed(student=student, lab=lab, data=None, problem=str(error))
    problem = pick.problem
    if problem == NOTHING and files:
        problem = f"there is no notebook in it, only {_names([file.origin for file in files])}"
    return Handed(
        student=student,
        lab=lab,
        data=pick.data,
        problem=problem,
        origin=pick.origin,
        remarks=tuple(pick.remarks),
    )


def grade_folder(folder: Path | str, lab: str, seed: int, frame: str, host: Host) -> Outcome:
    """The outcome of the submission in `folder`, as `labkit grade` has it.

    Args:
        folder: what was handed in.
        lab: the lab that it answers.
        seed: of the inputs.
        frame: the notebook of the lab as JSON, with or without its solutions.
        host: where the submission's code runs.

    Raises:
        SourceError: no process could be started, which is no fault of the submission.
    """
    return grade_one(handed_over(folder, lab), frame, seed, host)


def _several(notebooks: list[str], lab: str) -> str:
    return (
        f"{len(notebooks)} notebooks were handed in ({_names(notebooks)}), and nothing says which "
        f"one counts: hand in one, that of the lab {lab}"
    )


def _names(names: list[str]) -> str:
    shown = ", ".join(repr(name[:80]) for name in names[:_MOST_NAMED])
    return shown + (", …" if len(names) > _MOST_NAMED else "")
