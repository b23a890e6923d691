"""The application, and how every command shows progress, tables and errors."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from _thread import interrupt_main, start_new_thread
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from labkit.errors import InputError, LabkitError, missing_package
from labkit.models import sources
from labkit.own_process import INTERRUPTED, import_no_more_than_needed, leave_at_once

app = typer.Typer(
    name="labkit",
    help="LLM Sparsity Lab: prune, evaluate and measure transformer language models.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

ModelName = Annotated[str, typer.Argument(help=f"One of {', '.join(sources.MODEL_NAMES)}.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of everything random.")]
Source = Annotated[str, typer.Option(help="mini, hub, random, or a checkpoint folder.")]
Method = Annotated[str, typer.Option(help="global, layerwise or random.")]
Levels = Annotated[
    str, typer.Option(help="Comma-separated sparsities, as fractions (0.9) or percent (90%).")
]
LEVELS = "0,0.1,0.5,0.9,0.95,0.99"

RESUMED = ("study", "fetch", "finetune", "train-mini")  # these keep what they have finished


class Stopped(SystemExit):
    """Ctrl-C in a command that has said itself what became of its work."""


_AT_ONCE = 10  # seconds within which further Ctrl-C are taken for the same wish
_interrupts: list[float] = []  # when the first came


def interrupted_once() -> None:
    """Let the first Ctrl-C end the command in order, and those that follow it do nothing.

    They would break off what stops the workers and says what is kept.  One that comes much later
    ends the process at once.
    """
    here = threading.current_thread() is threading.main_thread()
    if here and signal.getsignal(signal.SIGINT) in (signal.default_int_handler, leave_at_once):
        signal.signal(signal.SIGINT, _interrupt)
        _send_again_what_is_lost()


def _send_again_what_is_lost() -> None:
    """Let a Ctrl-C come again that fell into a place where Python ignores exceptions.

    That is a `__del__`, or a callback of a weak reference, as each import has some.
    """
    before, thread = sys.unraisablehook, threading.get_ident()

    def soon() -> None:
        time.sleep(0.05)  # until that place is left
        _interrupts.clear()
        if hasattr(signal, "pthread_kill"):
            signal.pthread_kill(thread, signal.SIGINT)
        else:  # Windows
            interrupt_main()

    def hook(lost: sys.UnraisableHookArgs) -> None:
        if lost.exc_type is KeyboardInterrupt and signal.getsignal(signal.SIGINT) is _interrupt:
            start_new_thread(soon, ())  # takes no lock, unlike `threading`
        else:
            before(lost)

    sys.unraisablehook = hook


def _interrupt(number: int, frame: object) -> None:
    if not _interrupts:
        _interrupts.append(time.monotonic())
        raise KeyboardInterrupt
    if time.monotonic() - _interrupts[0] > _AT_ONCE:
        os._exit(INTERRUPTED)


def main() -> None:
    """Run the command; an expected error ends in one line and exit code 1, Ctrl-C in 130."""
    import_no_more_than_needed()
    errors = Console(stderr=True)
    try:
        interrupted_once()
        app()
    except KeyboardInterrupt:  # before the command began, which sees to those that follow
        errors.print("stopped.")
        raise SystemExit(INTERRUPTED) from None
    except LabkitError as error:
        errors.print(f"[bold red]error:[/] {plain(str(error))}", highlight=False, soft_wrap=True)
        raise SystemExit(1) from None
    except ModuleNotFoundError as error:
        text = f"{missing_package(error)}. `labkit doctor` says what else is missing."
        errors.print(f"[bold red]error:[/] {plain(text)}", highlight=False, soft_wrap=True)
        raise SystemExit(1) from None
    except SystemExit as end:
        if end.code == INTERRUPTED and not isinstance(end, Stopped):
            kept = "What was finished is kept: the same command goes on from there."
            resumed = bool({*RESUMED} & {*sys.argv[1:2]})
            errors.print(f"stopped. {kept}" if resumed else "stopped.")
        raise
    finally:
        if signal.getsignal(signal.SIGINT) is _interrupt:  # Python gives it up while it ends
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def level(text: str) -> float:
    """A sparsity from `0.9` or `90%`.

    Raises:
        InputError: no number, or one that is no share from 0 to 1.
    """
    from labkit.pruning.masks import check_sparsity

    text = text.strip()
    try:
        share = float(text.removesuffix("%")) / 100 if text.endswith("%") else float(text)
    except ValueError:
        raise InputError(f"level {text!r} is not a number: write 0.9 or 90%") from None
    return check_sparsity(share)


def levels_of(text: str) -> list[float]:
    """Sparsities from `0,0.5,90%`, one at least.

    Raises:
        InputError: none, or as `level`.
    """
    found = [level(part) for part in text.split(",") if part.strip()]
    if not found:
        raise InputError("name at least one level of sparsity (--levels)")
    return found


@contextmanager
def progress(title: str, unit: str = "steps") -> Iterator[Callable[[str, int, int], None]]:
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


def print_table(title: str, frame: Any) -> None:
    """Print a data frame: its first column flush left, the others flush right."""
    table = Table(title=title, title_justify="left", title_style="bold", header_style="bold")
    for number, column in enumerate(frame.columns):
        table.add_column(column, justify="left" if number == 0 else "right", no_wrap=number == 0)
    for row in frame.itertuples(index=False):
        table.add_row(*(plain(str(value)) for value in row))
    show(table)


def show(table: Table) -> None:
    """Print a table as wide as the terminal, or 160 columns into a file or pipe."""
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = 160  # a file or pipe has no width to keep to
    console.print(table)


def plain(text: str) -> str:
    """Text with rich's markup characters made harmless."""
    from rich.markup import escape

    return escape(text)
