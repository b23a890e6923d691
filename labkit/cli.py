"""The `labkit` command."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import labkit
from labkit import sources
from labkit.errors import LabkitError

app = typer.Typer(
    name="labkit",
    help="LLM Sparsity Lab: prune, evaluate and measure transformer language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ModelName = Annotated[str, typer.Argument(help=f"One of {', '.join(sources.MODEL_NAMES)}.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]


INTERRUPTED = 130  # exit code of a command that Ctrl-C ended


def main() -> None:
    """Run the command; an expected error ends in one line and exit code 1, Ctrl-C in 130."""
    errors = Console(stderr=True)
    try:
        app()
    except LabkitError as error:
        errors.print(f"[bold red]error:[/] {_plain(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(1) from None
    except SystemExit as end:
        if end.code == INTERRUPTED:
            errors.print("stopped. What was finished is kept: the same command goes on from there.")
        raise


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        print(f"labkit {labkit.__version__}")
        raise typer.Exit


@app.command()
def doctor(
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the hub.")] = False,
) -> None:
    """Say what works on this machine, what is missing, and the command that mends it."""
    from labkit.doctor import examine

    marks = {"ok": "[green]ok[/]", "warn": "[yellow]note[/]", "fail": "[bold red]missing[/]"}
    findings = examine(network=not offline)
    table = Table(box=None, show_header=False, padding=(0, 1))
    for finding in findings:
        text = _plain(finding.found)
        if finding.remedy:
            text += f"\n→ [bold]{_plain(finding.remedy)}[/]"
        table.add_row(marks[finding.state], finding.what, text)
    Console(highlight=False).print(table)
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)


@app.command()
def study(
    models: Annotated[
        str, typer.Option(help="Comma-separated names; with a path as source, one label.")
    ] = ",".join(sources.MODEL_NAMES),
    levels: Annotated[
        str, typer.Option(help="Comma-separated sparsities, as fractions (0.9) or percent (90%).")
    ] = "0,0.1,0.5,0.9,0.95,0.99",
    source: Annotated[
        str, typer.Option(help="mini, hub, random, or a checkpoint folder.")
    ] = "mini",
    data: Annotated[
        str | None,
        typer.Option(help="mini, hub, or a file or folder; default: what belongs to the source."),
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Split to evaluate on; default validation, else test.")
    ] = None,
    fine_tuned: Annotated[
        bool | None,
        typer.Option(
            "--fine-tuned/--as-loaded",
            help="Insist on a trained classification head, or draw a fresh one; default: as the "
            "source has it (hub: the checkpoint of `labkit finetune`).",
        ),
    ] = None,
    method: Annotated[str, typer.Option(help="global, layerwise or random.")] = "global",
    out: Annotated[Path, typer.Option(help="Folder for tables, figures and report.")] = Path(
        "results"
    ),
    seed: Seed = 0,
    limit: Annotated[
        int | None, typer.Option(help="Evaluate on the first LIMIT pairs only (a quick look).")
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Sequences of the timed forward pass.")] = 8,
    length: Annotated[int, typer.Option(help="Tokens of a timed sequence.")] = 64,
) -> None:
    """Prune, evaluate and measure models at several sparsities; print, save and plot the results.

    Finished cells are kept under OUT/cells: run it again after Ctrl-C and it goes on.
    """
    from labkit.report import costs_table, notes, scores_table, weights_table, write_report
    from labkit.settings import Settings
    from labkit.study import run_study, write_manifest

    head = {None: "trained" if source == "hub" else "auto", True: "trained", False: "fresh"}
    settings = Settings(
        models=tuple(_names(models)),
        levels=tuple(_level(text) for text in levels.split(",") if text.strip()),
        source=source,
        data=data,
        split=split,
        head=head[fine_tuned],
        method=method,
        seed=seed,
        limit=limit,
        batch_size=batch_size,
        length=length,
    ).checked()
    start = time.monotonic()
    _fetch(
        settings.models if source == "hub" and settings.head != "trained" else [],
        settings.data == "hub",
    )
    with _progress("study") as report:
        result = run_study(settings, out, report)
        report("figures and report", 1, 1)
        page = write_report(result, out)
        write_manifest(out, result, time.monotonic() - start)
    for note in notes(result):
        print(note)
    _print_table("Weights (dense)", weights_table(result))
    _print_table("What is left: MRPC", scores_table(result))
    _print_table("What it costs: size and runtime", costs_table(result))
    print(f"report: {page}")


@app.command()
def fetch(
    models: Annotated[str, typer.Option(help="Comma-separated names.")] = ",".join(
        sources.MODEL_NAMES
    ),
    mrpc: Annotated[bool, typer.Option(help="Fetch the corpus too.")] = True,
) -> None:
    """Download the published models and MRPC into the hub's cache (about 1.6 GB)."""
    for item in _fetch(_names(models), mrpc):
        state = "was there" if item.cached else "fetched"
        print(f"{item.what}: {state}, {item.bytes / 1e6:.0f} MB in {item.path}")


@app.command()
def finetune(
    name: ModelName,
    source: Annotated[str, typer.Option(help="hub, mini or a checkpoint folder.")] = "hub",
    data: Annotated[
        str | None, typer.Option(help="hub, mini, or a file or folder; default: the source's.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder of the checkpoint; needed unless source and data are hub."),
    ] = None,
    epochs: Annotated[int, typer.Option(help="Passes over the training split.")] = 3,
    batch_size: Annotated[int, typer.Option(help="Pairs per step and device.")] = 16,
    learning_rate: Annotated[float, typer.Option(help="Highest learning rate.")] = 2e-5,
    max_length: Annotated[int, typer.Option(help="Tokens a pair is cut to.")] = 128,
    as_loaded: Annotated[
        bool, typer.Option("--fresh-head", help="Draw a new classification head first.")
    ] = False,
    seed: Seed = 0,
    resume: Annotated[bool, typer.Option(help="Take up an interrupted run.")] = True,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the checkpoint of an earlier run.")
    ] = False,
) -> None:
    """Fine-tune a model on MRPC with transformers' Trainer; resumes after Ctrl-C."""
    from labkit.train import finetune as train

    corpus = data or (source if source in ("hub", "mini") else "hub")
    _fetch([name] if source == "hub" else [], corpus == "hub")
    with _progress(f"finetune {name}") as report:
        result = train(
            name,
            source,
            corpus,
            out,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            max_length=max_length,
            head="fresh" if as_loaded else "auto",
            seed=seed,
            resume=resume,
            force=force,
            report=lambda at: report(_step_text(at.loss, at.scores), at.step, at.steps),
        )
    for scores in result.epochs:
        print(
            f"epoch {scores.epoch}: loss {scores.loss:.4f}, accuracy {scores.accuracy:.1%}, "
            f"F1 {scores.f1:.4f}"
        )
    print(f"checkpoint: {result.path}")


@app.command("train-mini")
def train_mini(
    name: ModelName,
    out: Annotated[
        Path | None, typer.Option(help="Folder of the checkpoint; default: NAME-mini.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed; default: that of the shipped zoo.")
    ] = None,
    resume: Annotated[bool, typer.Option(help="Take up an interrupted run.")] = True,
) -> None:
    """Rebuild a checkpoint of the mini zoo from nothing (under 45 minutes on 2 cores)."""
    from labkit.mini import recipe

    options = {} if seed is None else {"seed": seed}
    with _progress(f"train-mini {name}") as report:
        figures = recipe.train_mini(
            name,
            out or Path(f"{name}-mini"),
            resume=resume,
            report=lambda stage, step, total, loss: report(
                f"{stage}: loss {loss:.3f}", step, total
            ),
            **options,
        )
    print(f"validation accuracy {figures['accuracy']:.1%}, {figures['minutes']:.1f} minutes")
    print(f"checkpoint: {out or Path(f'{name}-mini')}")


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

    from labkit.workspace import lab_names, start_labs

    labs = start_labs([lab] if lab else lab_names(), folder)
    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in ("lab", "exercises", "points", "time", ""):
        table.add_column(column, justify="left" if column in ("lab", "") else "right")
    for entry in labs:
        state = "your work is kept" if entry.kept else "copied"
        minutes = f"{entry.minutes} min"
        where = _plain(f"{state}: {entry.path}")
        table.add_row(entry.name, str(entry.exercises), str(entry.points), minutes, where)
    _show(table)
    first = labs[0].path
    print(f"check it at any time: labkit check {first}")
    if open_lab:
        what = str(first if lab else folder)
        raise typer.Exit(subprocess.run([sys.executable, "-m", "jupyterlab", what]).returncode)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="A notebook of a lab, or a .py file.")],
) -> None:
    """Run the visible checks of a notebook; exit code 1 unless all points are there.

    The code of the file runs in a process of its own, with your rights.
    """
    from labkit.checks import VISIBLE_SEED, Exercise
    from labkit.checks.remote import Submission

    table = Table(box=None, header_style="bold", padding=(0, 1))
    for column in ("exercise", "points", "of", "what to look at"):
        table.add_column(column, justify="right" if column in ("points", "of") else "left")
    earned = reachable = 0.0
    with Submission(file) as submission, _progress("check") as report:
        for number, task in enumerate(submission.tasks):
            report(task.id, number, len(submission.tasks))
            if not isinstance(task, Exercise):
                table.add_row(task.id, "-", str(task.points), "answered in words, read by a person")
                continue
            grade = submission.grade(task, VISIBLE_SEED)
            earned, reachable = earned + grade.points, reachable + grade.out_of
            wrong = next((v for v in grade.verdicts if not v.passed), None)
            said = _plain(f"{wrong.name}: {wrong.message}") if wrong else "[green]all passed[/]"
            table.add_row(task.id, f"{grade.points:g}", str(grade.out_of), said)
    _show(table)
    for number, text in submission.errors:
        print(f"code cell {number} raised {text}")
    print(f"{earned:g} of {reachable:g} points on these inputs; grading draws others")
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
    from labkit.labs import build_labs

    stale = build_labs(root, check_only=check)
    for path in stale:
        print(f"{'out of step' if check else 'written'}: {path}")
    if not stale:
        print("all notebooks are in step")
    if check and stale:
        raise typer.Exit(1)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _fetch(names: Sequence[str], mrpc: bool) -> list[Any]:
    """Bring models and MRPC into the cache, with a bar for what is not there yet."""
    from labkit import hub

    with _progress("fetch", unit="bytes") as report:
        return hub.fetch(names, mrpc, lambda p: report(f"{p.what}: {p.file}", p.done, p.total))


def _level(text: str) -> float:
    """A sparsity from `0.9` or `90%`."""
    from labkit.errors import InputError

    text = text.strip()
    try:
        return float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise InputError(f"level {text!r} is not a number: write 0.9 or 90%") from None


def _step_text(loss: float | None, scores: Any) -> str:
    text = "training" if loss is None else f"loss {loss:.3f}"
    return text if scores is None else f"{text}, accuracy {scores.accuracy:.1%}"


@contextmanager
def _progress(title: str, unit: str = "steps") -> Iterator[Callable[[str, int, int], None]]:
    """A bar on a terminal; nothing but the start and end where output goes to a file or pipe."""
    from rich.progress import DownloadColumn

    console = Console(stderr=True)
    count = DownloadColumn() if unit == "bytes" else MofNCompleteColumn()
    columns = (
        TextColumn("[bold]{task.fields[title]}[/]"),
        BarColumn(),
        count,
        TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        task = progress.add_task("", total=None, title=title)

        def report(what: str, done: int, total: int) -> None:
            progress.update(task, description=what, completed=done, total=total)

        yield report


def _print_table(title: str, frame: Any) -> None:
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for number, column in enumerate(frame.columns):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=number == 0)
    for row in frame.itertuples(index=False):
        table.add_row(*(_plain(str(value)) for value in row))
    _show(table)


def _show(table: Table) -> None:
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160  # a file or pipe has no width to keep to
    console.print(table)


def _plain(text: str) -> str:
    """Text with rich's markup characters made harmless."""
    from rich.markup import escape

    return escape(text)


if __name__ == "__main__":
    main()
