"""Errors that a user can act on.

Each message names the file or argument, the value that was found, and the remedy.  The command
line prints it without a traceback and exits with 1; code catches `LabkitError`.
"""

import sys


class LabkitError(Exception):
    """Base of every error that `labkit` raises on purpose."""


class InputError(LabkitError, ValueError):
    """An argument, file or table does not hold what it should."""


class SourceError(LabkitError, OSError):
    """A model or corpus is not where it was looked for (missing, unreachable, damaged)."""


class WithheldError(LabkitError):
    """A part of `labkit` that could answer an exercise was asked while submissions are graded."""


def missing_package(error: ModuleNotFoundError) -> str:
    """What to say where a package that labkit needs is not installed.

    Raises:
        ModuleNotFoundError: `error`, where it is a part of labkit that is missing.
    """
    if error.name is None or error.name.partition(".")[0] == "labkit":
        raise error
    return (
        f"the package {error.name} is missing in the environment of {sys.executable}: "
        "pip install -r requirements.txt"
    )
