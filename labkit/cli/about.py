"""`labkit --version` and `labkit doctor`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

import labkit
from labkit.cli.app import app, plain, print_table


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.")] = False,
) -> None:
    if version:
        print(f"labkit {labkit.__version__}")
        raise typer.Exit


@app.command()
def doctor(
    checkpoint: Annotated[
        Path | None,
        typer.Argument(
            metavar="PATH",
            help="Look at this checkpoint folder instead: which weights of its blocks are pruned, "
            "and why the others are not.",
        ),
    ] = None,
    offline: Annotated[bool, typer.Option("--offline", help="Do not ask the hub.")] = False,
    jupyterhub: Annotated[
        bool,
        typer.Option(
            "--hub",
            help="Look at what nbgrader needs on a JupyterHub instead: exchange, rights, course "
            "id, extensions. Run it in the folder of the course.",
        ),
    ] = False,
) -> None:
    """Say what works on this machine, what is missing, and the command that mends it."""
    from labkit.cli.doctor import examine

    if checkpoint is not None:
        _account(checkpoint)
        return

    marks = {"ok": "[green]ok[/]", "warn": "[yellow]note[/]", "fail": "[bold red]missing[/]"}
    if jupyterhub:
        from labkit.cli.doctor_hub import examine_hub

        findings = examine_hub()
    else:
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


def _account(folder: Path) -> None:
    """Print the account of the blocks' weights, and each parameter that is left out."""
    from labkit.models.blueprint import blueprint
    from labkit.models.left_out import accounts_table, parameter_account

    account = parameter_account(blueprint(folder))
    print_table(f"Blocks of {account.title} in {folder}", accounts_table([account]))
    for row in account.rows:
        if not row.prunable:
            shape = " x ".join(map(str, row.shape))
            print(f"left out: {row.name} ({shape}), {row.reason}")
    print(
        f"{account.prunable:,} of {account.total:,} weights in the blocks are prunable, "
        f"{account.share_left_out:.2%} are left out; {account.outside:,} lie outside of the blocks"
    )
    if account.remark:
        print(account.remark)
