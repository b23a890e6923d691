"""The `labkit` command: one module per group of commands, all on the one `app`.

In: arguments. Out: tables, progress and errors in words on the terminal; exit code 0, 1 for an
expected error, 2 for arguments, 130 after Ctrl-C. Commands load what they need when they are
called: `--help` answers at once.
"""

from labkit.errors import missing_package

try:
    from labkit.cli import about, book, export, files, grade, grades, labs, speed, storage, studies
    from labkit.cli.app import app, main
except ModuleNotFoundError as error:  # nothing can be printed by way of rich
    raise SystemExit(f"error: {missing_package(error)}") from None

__all__ = [
    "about",
    "app",
    "book",
    "export",
    "files",
    "grade",
    "grades",
    "labs",
    "main",
    "speed",
    "storage",
    "studies",
]
