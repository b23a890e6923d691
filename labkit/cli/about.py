"""`labkit --version` and `labkit doctor`."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import labkit
from labkit.cli.app import app, plain


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
    from labkit.cli.doctor import examine

    marks = {"ok": "[green]ok[/]", "warn": "[yellow]note[/]", "fail": "[bold red]missing[/]"}
    findings = examine(network=not offline)
    table = Table(box=None, show_header=False, padding=(0, 1))
    for finding in findings:
        text = plain(finding.found)
        if finding.remedy:
            text += f"\n→ [bold]{plain(finding.remedy)}[/]"
        table.add_row(marks[finding.state], finding.what, text)
    Console(highlight=False).print(table)
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)
