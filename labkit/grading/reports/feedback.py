"""Feedback as plain text, for an e-mail or a comment field.

What students get to read is what the checks say of their answers; remarks for the instructor and
lines of the hidden tests are not in it.  Feedback as HTML is nbgrader's own (`nbgrader
generate_feedback`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from labkit.checks import TASKS, Written
from labkit.checks.scoring import lines
from labkit.files import write_text
from labkit.grading.submissions.outcomes import Outcome, Scored


def feedback(outcome: Outcome, final: float | None = None) -> str:
    """What a student should know: points, what does not hold yet, and what to read, as text.

    `final` are the points in the gradebook, where a person graded answers in words and lateness has
    its price; without it the points of the exercises in code are given.
    """
    total = sum(task.points for task in TASKS.values() if task.lab == outcome.lab)
    said = [f"Lab {outcome.lab}: {shown(outcome.points if final is None else final)} of {total}"]
    said[0] += " points"
    if final is not None and round(final, 2) != round(outcome.points, 2):
        said.append(f"The checks gave {shown(outcome.points)} points.")
    said += lateness(final)
    if outcome.status != "graded":
        said += ["", f"Not all of it could be graded: {outcome.reason.rstrip('.')}."]
    if outcome.status in ("graded", "partly"):
        for score in outcome.scores:
            said += ["", *_exercise(score)]
    for task in TASKS.values():
        if isinstance(task, Written) and task.lab == outcome.lab:
            said += ["", f"{task.title}: {task.points} points, read by a person."]
    if outcome.errors:
        said += ["", "Cells that ended with an error:"]
        said += [f"  code cell {number}: {error}" for number, error in outcome.errors]
    return "\n".join(said) + "\n"


def write_feedback(
    outcomes: Sequence[Outcome], folder: Path | str, finals: Mapping[str, float] | None = None
) -> list[Path]:
    """Write one text file per student into `folder`; returns the paths.

    Raises:
        SourceError: a file cannot be written.
    """
    finals = finals or {}
    return [
        write_text(
            Path(folder) / f"{file_name(outcome.student)}.txt",
            feedback(clean(outcome), finals.get(outcome.student)),
        )
        for outcome in outcomes
    ]


def lateness(final: float | None) -> list[str]:
    """A line on what lateness cost, if it did (see `final_scores.Final`)."""
    late = getattr(final, "late", 0.0)
    return [f"It was handed in late, which cost {shown(late)} points."] if late else []


def shown(points: float) -> str:
    """Points for people: at most two digits, no zeros at the end."""
    return f"{points:.2f}".rstrip("0").rstrip(".")


def printable(text: str) -> str:
    """Text that UTF-8 can hold: halves of surrogate pairs, from odd file names, become `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def clean(outcome: Outcome) -> Outcome:
    """The outcome with all its text `printable`."""
    return Outcome.from_json(printable(outcome.to_json()))


def file_name(student: str) -> str:
    """A file name for a student; other students have other names.

    Letters and digits of any script, `_`, `-`, `@`, `+` and dots inside stay as they are.
    """
    name = "".join(
        c if c.isalnum() or c in "_-@+." else quote(c, safe="", errors="replace") for c in student
    )
    return "%2E" + name[1:] if name.startswith(".") else name


def _exercise(score: Scored) -> list[str]:
    task = TASKS.get(score.id)
    title = task.title if task else score.id
    said = [f"{title}: {shown(score.points)} of {score.out_of}"]
    failed = [verdict for verdict in score.verdicts if not verdict.passed]
    if not failed:
        return [f"{said[0]}, all right"]
    said += [f"  {line}" for line in lines(failed)]
    if task and not any(task.section in verdict.message for verdict in failed):
        said.append(f"  Read {task.section}")
    return said
