"""The `labkit` command: one module per group of commands, all on the one `app`."""

from labkit.errors import missing_package

try:
    from labkit.cli import about, book, files, grade, grades, labs, speed, storage, studies
    from labkit.cli.app import app, main
except ModuleNotFoundError as error:  # nothing can be printed by way of rich
    raise SystemExit(f"error: {missing_package(error)}") from None

__all__ = [
    "about",
    "app",
    "book",
    "files",
    "grade",
    "grades",
    "labs",
    "main",
    "speed",
    "storage",
    "studies",
]
