"""The `labkit` command: one module per group of commands, all on the one `app`."""

from labkit.cli import about, book, files, grade, grades, labs, speed, storage, studies
from labkit.cli.app import app, main

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
