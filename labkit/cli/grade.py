"""The command that grades a class: grade."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from labkit.cli.app import INTERRUPTED, Stopped, app, plain, progress, show
from labkit.own_process import importing

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


@app.command()
def grade(
    lab: Annotated[str, typer.Argument(help="The lab that was handed in.")],
    path: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FOLDER_OR_ZIP]",
            help="A folder, or a learning platform's zip download; default: submitted/.",
        ),
    ] = None,
    course: Annotated[Path, typer.Option(help="The folder of nbgrader_config.py.")] = Path(),
    out: Annotated[Path, typer.Option(help="Folder for outcomes and report.")] = Path("graded"),
    roster: Annotated[
        Path | None, typer.Option(help="CSV of the class: columns student, name, email.")
    ] = None,
    mapped: Annotated[
        Path | None,
        typer.Option(
            "--map",
            help="CSV that says whose submissions are: columns submission (as the folder or file "
            "is called) and student (- leaves it out).",
        ),
    ] = None,
    timezone: Annotated[
        str | None,
        typer.Option(
            metavar="ZONE",
            help="Of the times in names of a download, as Europe/Berlin; default: this machine's.",
        ),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(metavar="STUDENT", help="Grade only this one; repeatable.")
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(help="Seed of the inputs, any text; default: LABKIT_GRADING_SEED."),
    ] = None,
    regrade: Annotated[
        bool, typer.Option("--regrade", help="Grade again what was graded before.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(help="Processes that grade; default: one per core.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Grade on a Dask cluster, as tcp://host:8786."),
    ] = None,
    no_sandbox: Annotated[
        bool,
        typer.Option("--unsafe-no-sandbox", help="Run the submissions' code with your rights."),
    ] = False,
) -> None:
    """Grade the submissions of a lab in a sandbox, into nbgrader's gradebook.

    What was graded before and has not changed is not graded again; a run that was stopped goes on.
    Go on with Formgrader, `nbgrader generate_feedback LAB` and `nbgrader export`.
    """
    from labkit.errors import InputError
    from labkit.grading.running.head_start import head_start
    from labkit.grading.sandbox.limits import Limits

    with ExitStack() as early:
        begun = None
        # A class of which some was graded before may have nothing left.
        if scheduler is None and (regrade or not any((out / lab).glob("outcomes/*.json"))):
            with suppress(InputError):  # told where a sandbox is needed
                begun = early.enter_context(head_start(lab, Limits(), not no_sandbox))
        with importing():
            from labkit.files import only_one
            from labkit.grading.gradebook.check_database import require_sound
            from labkit.grading.gradebook.course import Course
            from labkit.grading.gradebook.record_scores import record
            from labkit.grading.reports.class_report import write_report
            from labkit.grading.running.finished import Store
            from labkit.grading.running.whole_class import grade_all
            from labkit.grading.submissions.intake import taking_in

            here = Course.open(course)
            source = here.source(lab)
            import distributed  # noqa: F401 - graded with, below
        require_sound(here.gradebook)
        place = path or here.submitted
        with (
            taking_in(place, lab, roster, mapped=mapped, zone=_zone(timezone)) as taken,
            only_one(out / lab / ".running", patience=0),
        ):
            for note in taken.notes:
                print(f"note: {note}", file=sys.stderr)
            handed = taken.handed
            if only:
                unknown = set(only) - {one.student for one in handed}
                if unknown:
                    raise InputError(f"--only {min(unknown)}: no such student in {place}.")
                handed = [one for one in handed if one.student in only]
            store = Store(out / lab / "outcomes")
            before = store.all()
            try:
                with progress("grade") as report:
                    outcomes = grade_all(
                        handed,
                        source,
                        grading_seed_of(seed),
                        store,
                        limits=Limits(),
                        sandbox=not no_sandbox,
                        workers=workers,
                        scheduler=scheduler,
                        regrade=regrade,
                        report=report,
                        begun=begun,
                    )
                early.close()
                lost: list[str] = []
                with progress("record") as report:
                    beside = taken.beside
                    recorded = record(here, lab, source, outcomes, report, beside, lost.append)
                # Of the whole class, also where only some of it was graded now.
                release = here.release(lab)
                page = write_report(
                    store.all(), out / lab, lab=lab, previous=before, release=release
                )
            except KeyboardInterrupt:
                kept = sum(store.get(one.student) is not None for one in handed)
                print(
                    f"stopped. {kept} of {len(handed)} outcomes are kept in {store.folder}: the "
                    "same command goes on from there. No student is recorded by halves.",
                    file=sys.stderr,
                )
                raise Stopped(INTERRUPTED) from None
    for said in lost:
        print(f"note: {said}", file=sys.stderr)
    _print(outcomes)
    print(f"{recorded} recorded in {here.gradebook}, {len(outcomes) - recorded} were before")
    print(f"report: {page}")


def _zone(name: str | None) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo

    from labkit.errors import InputError

    try:
        return ZoneInfo(name) if name else None
    except (LookupError, ValueError, OSError):
        raise InputError(f"--timezone {name}: no such zone; write it as Europe/Berlin.") from None


def grading_seed_of(text: str | None) -> int:
    """The number of a seed given as text; says on the terminal where there is none."""
    from labkit.checks.scoring import SEED_VARIABLE, grading_seed

    if text is None and not os.environ.get(SEED_VARIABLE):
        print(
            f"warning: {SEED_VARIABLE} is not set, so students can know the inputs. Set it to a "
            "text of your own, the same at each run.",
            file=sys.stderr,
        )
    return grading_seed(text)


def _print(outcomes: list) -> None:
    """One line per student."""
    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in ("student", "", "points", "of", "reason"):
        table.add_column(column, justify="right" if column in ("points", "of") else "left")
    for outcome in outcomes:
        points, out_of = f"{outcome.points:.4g}", str(outcome.out_of)
        texts = (outcome.student, outcome.status, points, out_of, outcome.reason)
        # A reason may quote what was handed in: nothing of it may steer the terminal.
        table.add_row(*(plain("".join(c if c.isprintable() else "?" for c in t)) for t in texts))
    show(table)
    odd = sum(bool(outcome.remarks) for outcome in outcomes)
    if odd:
        print(f"{odd} with remarks for you: see the report")
