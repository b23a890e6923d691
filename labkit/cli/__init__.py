"""The `labkit` command: one module per group of commands, all on the one `app`."""

import sys

try:
    from labkit.cli import about, book, files, grade, grades, labs, speed, storage, studies
    from labkit.cli.app import app, main
except ModuleNotFoundError as error:
    # Nothing can be said through the packages that say it elsewhere.
    if str(error.name).startswith("labkit"):
        raise
    raise SystemExit(
        f"error: the package {error.name} is missing in this environment ({sys.executable}): "
        "pip install -r requirements.txt"
    ) from None

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
