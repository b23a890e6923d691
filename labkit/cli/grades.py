"""The command that hands grades on: grades."""

from __future__ import annotations

import sys
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from labkit.cli.app import app


class Form(StrEnum):
    """For whom the grades are written."""

    FEEDBACK = "feedback"
    CANVAS = "canvas"
    MOODLE = "moodle"
    GRADESCOPE = "gradescope"


@app.command()
def grades(
    lab: Annotated[str, typer.Argument(help="A lab that `labkit grade` has graded.")],
    form: Annotated[
        Form, typer.Argument(help="Text for each student, or files for a learning platform.")
    ],
    gradebook: Annotated[
        Path | None,
        typer.Option(
            help="CSV that Canvas or Moodle exports, or Moodle's grading worksheet: its "
            "identifiers are kept."
        ),
    ] = None,
    roster: Annotated[
        Path | None, typer.Option(help="CSV of the class, as for `labkit grade`.")
    ] = None,
    column: Annotated[
        str | None,
        typer.Option(help="Canvas's assignment; default: the one that is called like the lab."),
    ] = None,
    course: Annotated[Path, typer.Option(help="The folder of nbgrader_config.py.")] = Path(),
    out: Annotated[Path, typer.Option(help="Folder of `labkit grade --out`.")] = Path("graded"),
) -> None:
    """Write the grades of a lab as feedback in plain text, or as a learning platform reads them.

    Points are those of nbgrader's gradebook: with what was graded by hand in Formgrader, and less
    what lateness costs.
    """
    from labkit.errors import SourceError
    from labkit.files import behind
    from labkit.grading.gradebook.check_database import require_sound
    from labkit.grading.gradebook.course import Course
    from labkit.grading.gradebook.final_scores import final_points
    from labkit.grading.reports.exports import write_canvas, write_gradescope, write_moodle
    from labkit.grading.reports.feedback import write_feedback
    from labkit.grading.running.finished import Store
    from labkit.grading.submissions.roster import read_roster

    store = Store(out / lab / "outcomes")
    outcomes = store.all()
    if not outcomes:
        raise SourceError(f"{store.folder} holds no outcomes: run `labkit grade {lab}` first.")
    here = Course.open(course)
    require_sound(here.gradebook)
    finals, waiting = final_points(here, lab)
    people = read_roster(roster) if roster else []
    target, unknown = out / lab / form.value, ()
    if form is Form.FEEDBACK:
        write_feedback(outcomes, target, finals)
    elif form is Form.GRADESCOPE:
        write_gradescope(outcomes, target, finals=finals)
    else:
        target = behind(target, ".csv")
        canvas = form is Form.CANVAS
        write = partial(write_canvas, column=column) if canvas else write_moodle
        unknown = write(outcomes, target, gradebook=gradebook, people=people, finals=finals)
    print(f"{len(outcomes) - len(unknown)} students: {target}")
    if unknown:
        print(
            f"warning: {len(unknown)} not known there, left out: {', '.join(unknown)}",
            file=sys.stderr,
        )
    if waiting:
        print(
            f"warning: {len(waiting)} wait for a grade in Formgrader: {', '.join(waiting)}",
            file=sys.stderr,
        )
