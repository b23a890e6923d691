"""Commands around the labs: start, check, exercises."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from labkit.cli.app import app, plain, progress, show


@app.command()
def start(
    lab: Annotated[
        str | None, typer.Argument(help="One lab; without it all labs are copied.")
    ] = None,
    folder: Annotated[Path, typer.Option(help="Your working folder.")] = Path("work"),
    open_lab: Annotated[
        bool, typer.Option("--open/--no-open", help="Open JupyterLab on the folder.")
    ] = True,
) -> None:
    """Copy a lab into your working folder and open it in JupyterLab; your own work is kept."""
    import subprocess
    import sys
    from importlib import util

    from labkit.errors import SourceError
    from labkit.labs.workspace import COURSE, jupyterlab_arguments, lab_names, start_labs

    labs = start_labs([lab] if lab else lab_names(), folder)
    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in ("lab", "exercises", "points", "time", ""):
        table.add_column(column, justify="left" if column in ("lab", "") else "right")
    for entry in labs:
        state = "your work is kept" if entry.kept else "copied"
        minutes = f"{entry.minutes} min"
        where = plain(f"{state}: {entry.path}")
        table.add_row(entry.name, str(entry.exercises), str(entry.points), minutes, where)
    show(table)
    first = labs[0].path
    print(f"check it at any time: labkit check {first}")
    if not first.resolve().is_relative_to(COURSE):
        print(f"JupyterLab opens the links to the book's text only in a folder inside {COURSE}")
    if open_lab:
        if util.find_spec("jupyterlab") is None:
            raise SourceError(
                f"JupyterLab is missing in the environment of {sys.executable}: "
                f"pip install -r requirements.txt, or open {first} in another editor."
            )
        arguments = jupyterlab_arguments(first if lab else folder)
        command = [sys.executable, "-m", "jupyterlab", *arguments]
        raise typer.Exit(subprocess.run(command).returncode)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A notebook of a lab, or a .py file.")],
) -> None:
    """Run the visible checks of a notebook; exit code 1 unless all points are there.

    The code of the file runs in a process of its own, with your rights.
    """
    from labkit.checks import VISIBLE_SEED, Exercise
    from labkit.checks.process.submission import Submission, left_open

    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in ("exercise", "points", "of", "what to look at"):
        table.add_column(column, justify="right" if column in ("points", "of") else "left")
    earned = reachable = 0.0
    with Submission(file) as submission, progress("check") as report:
        bare = left_open(file)
        for number, task in enumerate(submission.tasks):
            report(task.id, number, len(submission.tasks))
            if not isinstance(task, Exercise):
                words = "answered in words, read by a person"
                if task in bare:
                    words = "no answer yet; a person will read it"
                table.add_row(task.id, "-", str(task.points), words)
                continue
            grade = submission.grade(task, VISIBLE_SEED)
            earned, reachable = earned + grade.points, reachable + grade.out_of
            wrong = next((v for v in grade.verdicts if not v.passed), None)
            said = plain(f"{wrong.name}: {wrong.message}") if wrong else "[green]all passed[/]"
            table.add_row(task.id, f"{grade.points:.3g}", str(grade.out_of), said)
    show(table)
    for number, text in submission.errors:
        print(f"code cell {number}: {text}")
    read = sum(task.points for task in submission.tasks if not isinstance(task, Exercise))
    by_hand = f"; a person reads answers worth {read}" if read else ""
    print(f"{earned:.4g} of {reachable:g} points on these inputs; grading draws others{by_hand}")
    if earned < reachable:
        raise typer.Exit(1)


@app.command()
def exercises(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if out of step.")
    ] = False,
    root: Annotated[Path, typer.Option(help="Root of the course repository.")] = Path(),
) -> None:
    """Generate the notebooks of solutions/ and exercises/ from the labs' text files."""
    from labkit.labs.build import build_labs

    stale = build_labs(root, check_only=check)
    for path in stale:
        print(f"{'out of step' if check else 'written'}: {path}")
    if not stale:
        print("all notebooks are in step")
    if check and stale:
        raise typer.Exit(1)
