"""Commands around the labs: start, check, exercises."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from labkit.cli.app import app, plain, progress, show

if TYPE_CHECKING:
    from labkit.checks import Written


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
    if (copies := Path(folder, "book")).is_dir():
        print(
            f"the links lead to copies of the chapters' text in {copies}; with the numbers and "
            f"figures: make book in {COURSE}, before you start a lab in a folder inside it"
        )
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

    The file is read, and its cells run, as in grading; they run in a process of their own, with
    your rights.
    """
    import tempfile

    import nbformat

    from labkit.grading.submissions.own_file import read_own_file

    own = read_own_file(file)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder, f"{own.lab}.ipynb")
        path.write_text(nbformat.writes(own.notebook), encoding="utf-8")
        complete = _check(path, own.remarks)
    if not complete:
        raise typer.Exit(1)


def _check(path: Path, remarks: tuple[str, ...]) -> bool:
    """Check a notebook and print what was found; returns whether all points are there."""
    from labkit.checks import VISIBLE_SEED, Exercise
    from labkit.checks.process.exercises_in import words_in
    from labkit.checks.process.forked import Forked
    from labkit.checks.process.submission import Submission

    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in ("exercise", "points", "of", "what to look at"):
        table.add_column(column, justify="right" if column in ("points", "of") else "left")
    with (
        Forked() as host,  # first: the bar has a thread of its own
        Submission(path, host=host) as submission,
        progress("check") as report,
    ):
        tasks, words, grades = submission.tasks, words_in(path), {}
        exercises = submission.in_order(t for t in tasks if isinstance(t, Exercise))
        for number, task in enumerate(exercises):
            report(task.id, number, len(exercises))
            grades[task.id] = submission.grade(task, VISIBLE_SEED)
        submission.finish()
    for task in tasks:
        if not isinstance(task, Exercise):
            table.add_row(task.id, "-", str(task.points), _read(task, words.get(task.id)))
            continue
        grade = grades[task.id]
        wrong = next((v for v in grade.verdicts if not v.passed), None)
        said = plain(f"{wrong.name}: {wrong.message}") if wrong else "[green]all passed[/]"
        table.add_row(task.id, f"{grade.points:.3g}", str(grade.out_of), said)
    show(table)
    for remark in remarks:
        print(f"note: {_printable(remark)}")
    for number, command in submission.passed_over:
        print(f"note: code cell {number}: no shell here nor in grading; passed over: {command}")
    for number, text in submission.errors:
        print(f"code cell {number}: {text}")
    earned, reachable = (sum(getattr(g, w) for g in grades.values()) for w in ("points", "out_of"))
    read = sum(task.points for task in tasks if not isinstance(task, Exercise))
    by_hand = f"; a person reads answers worth {read}" if read else ""
    print(f"{earned:.4g} of {reachable:g} points on these inputs; grading draws others{by_hand}")
    return earned >= reachable


def _read(question: Written, words: int | None) -> str:
    """What is said of an answer in words: how long it is where that is not as asked for."""
    low, high = question.words
    if words == 0:
        return "no answer yet; a person will read it"
    if words is None or low <= words <= high:
        return "answered in words, read by a person"
    return f"answered in {words} words, read by a person; {low} to {high} are asked for"


def _printable(text: str) -> str:
    """The text with nothing in it that steers the terminal."""
    return "".join(c if c.isprintable() else "?" for c in text)


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
