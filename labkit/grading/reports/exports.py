"""Scores in the form that Canvas, Moodle and Gradescope read.

Canvas and Moodle know students by identifiers of their own.  They are kept as they stand in the
CSV file that the gradebook of either exports, or in Moodle's grading worksheet of an assignment.
Without such a file they come from the class list (`read_roster`), or the student ids have to do.

The final points, where a person graded answers in words and lateness has its price, are given as
`finals` (student → points); without it the points of the exercises in code are written.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from labkit.checks import TASKS, Written
from labkit.checks.scoring import lines
from labkit.errors import InputError
from labkit.files import write_text
from labkit.grading.reports.feedback import clean, feedback, file_name, lateness
from labkit.grading.reports.gradebook_files import (
    IDENTIFIERS,
    NAMES,
    WORKSHEETS,
    assignment_column,
    matched,
    read_gradebook,
    same_maximum,
)
from labkit.grading.reports.safe_tables import write_csv
from labkit.grading.submissions.outcomes import Outcome
from labkit.grading.submissions.roster import Person


def write_canvas(
    outcomes: Sequence[Outcome],
    path: Path | str,
    *,
    gradebook: Path | str | None = None,
    people: Sequence[Person] = (),
    finals: Mapping[str, float] | None = None,
    column: str | None = None,
) -> tuple[str, ...]:
    """Write a CSV file for "Import" in Canvas's gradebook; returns students it does not know.

    Canvas wants the columns Student, ID, SIS Login ID and Section, then assignments, and a row
    "Points Possible"; it tells assignments by name and "(number)", and keeps two digits ("How do I
    import grades in the Gradebook?", community.canvaslms.com; `lib/gradebook_importer.rb` of
    instructure/canvas-lms).  Only students with an outcome are in the file: the others keep what
    they have.  Of `gradebook`, the file of Grades, Export, the columns up to Section are kept, and
    the name of the assignment that is called like the lab, or that `column` names.

    Raises:
        InputError: `gradebook` is no such file, has two such assignments or none called `column`,
            the points possible in it are not the lab's, it has none of the students, or the
            outcomes are not those of one lab.
        SourceError: the file cannot be written.
    """
    import pandas as pd

    lab, total = _lab(outcomes)
    assignment, columns = lab, ["Student", "ID", "SIS Login ID", "Section"]
    if gradebook is None:
        known = [
            {"Student": p.name or p.student, "ID": p.canvas, "SIS Login ID": p.student}
            for p in people or [Person(outcome.student) for outcome in outcomes]
        ]
    else:
        head, known = read_gradebook(gradebook)
        if not {"Student", "ID", "Section"} <= set(head):
            raise InputError(
                f"{gradebook} lacks one of the columns Student, ID and Section: take the file that "
                "Canvas writes under Grades, Export."
            )
        columns = head[: head.index("Section") + 1]
        assignment = assignment_column(gradebook, head[len(columns) :], lab, column)
        for row in known:
            if "points possible" in row.get("Student", "").lower():
                possible = row.get(assignment, "")
                same_maximum(gradebook, possible, total, lab, "points possible", "Canvas")
    rows, lacking = matched(outcomes, known, people, "canvas", gradebook)
    written: list[dict[str, Any]] = [{"Student": "    Points Possible", assignment: total}]
    for outcome, row in rows:
        kept = {column: row.get(column, "") for column in columns}
        written.append(kept | {assignment: _points(outcome, finals)})
    write_csv(pd.DataFrame(written, columns=[*columns, assignment]), path)
    return lacking


def write_moodle(
    outcomes: Sequence[Outcome],
    path: Path | str,
    *,
    gradebook: Path | str | None = None,
    people: Sequence[Person] = (),
    finals: Mapping[str, float] | None = None,
) -> tuple[str, ...]:
    """Write a CSV file with grades and feedback for Moodle; returns students it does not know.

    A `gradebook` with the columns Identifier and Grade, in English or German, is an assignment's
    grading worksheet: all its columns are kept, and the file goes back under "Upload grading
    worksheet", which needs them (`mod/assign/feedback/offline/importgradeslib.php` of
    moodle/moodle; feedback is HTML there).
    Without it, or with the gradebook's own export, the file goes to Grades, Import, CSV file, where
    "Email address" or "ID number" are mapped to the users, and grade and feedback to their columns:
    both, or Moodle drops the grades ("Grade import", docs.moodle.org).

    Raises:
        InputError: `gradebook` is neither, the worksheet's maximum grade is not the lab's, it has
            none of the students, or the outcomes are not those of one lab.
        SourceError: the file cannot be written.
    """
    import pandas as pd

    lab, total = _lab(outcomes)
    grade, comments, columns = lab, f"{lab} feedback", ["ID number", "Email address"]
    if gradebook is None:
        known = [
            {"ID number": p.student, "Email address": p.email}
            for p in people or [Person(outcome.student) for outcome in outcomes]
        ]
    else:
        head, known = read_gradebook(gradebook)
        columns = [name for name in head if name in (*IDENTIFIERS, *NAMES)]
        for who, score, maximum, said in WORKSHEETS:
            if {who, score} <= set(head):
                grade, comments, columns = score, said, head
                for row in known:
                    possible = row.get(maximum, "")
                    same_maximum(gradebook, possible, total, lab, "maximum grade", "Moodle")
    rows, lacking = matched(outcomes, known, people, "moodle", gradebook)
    written = []
    for outcome, row in rows:
        said = escape(feedback(outcome, (finals or {}).get(outcome.student)).strip())
        written.append(
            row | {grade: _points(outcome, finals), comments: said.replace("\n", "<br>")}
        )
    ends = [column for column in (grade, comments) if column not in columns]
    write_csv(pd.DataFrame(written, columns=[*columns, *ends]), path)
    return lacking


def write_gradescope(
    outcomes: Sequence[Outcome], folder: Path | str, *, finals: Mapping[str, float] | None = None
) -> list[Path]:
    """Write `folder/STUDENT/results.json` for each student; returns the paths.

    The form is that of an autograder's /autograder/results/results.json ("Autograder
    Specifications", gradescope-autograders.readthedocs.io/en/latest/specs): the score on top
    overrides the sum of the tests, so that it can hold what lateness costs.

    Raises:
        SourceError: a file cannot be written.
    """
    return [
        write_text(
            Path(folder) / file_name(outcome.student) / "results.json",
            json.dumps(gradescope(clean(outcome), finals), indent=2, ensure_ascii=False) + "\n",
        )
        for outcome in outcomes
    ]


def gradescope(outcome: Outcome, finals: Mapping[str, float] | None = None) -> dict[str, Any]:
    """One submission as Gradescope's results.json has it: a test for each exercise."""
    said = [] if outcome.status == "graded" else [outcome.reason]
    said += lateness((finals or {}).get(outcome.student))
    said += [f"code cell {number}: {error}" for number, error in outcome.errors]
    said += [
        f"{task.title}: {task.points} points, read by a person."
        for task in TASKS.values()
        if isinstance(task, Written) and task.lab == outcome.lab
    ]
    tests = [
        {
            "name": TASKS[score.id].title if score.id in TASKS else score.id,
            "score": score.points,
            "max_score": score.out_of,
            "status": "passed" if score.points >= score.out_of else "failed",
            "output": "\n".join(lines(score.verdicts)),
            "output_format": "text",
            "visibility": "visible",
        }
        for score in outcome.scores
    ]
    return {
        "score": _points(outcome, finals),
        "execution_time": round(outcome.seconds),
        "output": "\n".join(said),
        "output_format": "text",
        "visibility": "visible",
        "tests": tests,
    }


def _points(outcome: Outcome, finals: Mapping[str, float] | None) -> float:
    return round(float((finals or {}).get(outcome.student, outcome.points)), 2)


def _lab(outcomes: Sequence[Outcome]) -> tuple[str, int]:
    """The lab of the outcomes and the points it is worth, answers in words too."""
    labs = {outcome.lab for outcome in outcomes}
    if len(labs) != 1:
        raise InputError(f"one lab at a time can be exported, not {sorted(labs) or 'none'}.")
    (lab,) = labs
    return lab, sum(task.points for task in TASKS.values() if task.lab == lab)
