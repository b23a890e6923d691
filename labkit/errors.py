"""Errors that a user can act on.

Each message names the file or argument, the value that was found, and the remedy.  The command
line prints it without a traceback and exits with 1; code catches `LabkitError`.
"""


class LabkitError(Exception):
    """Base of every error that `labkit` raises on purpose."""


class InputError(LabkitError, ValueError):
    """An argument, file or table does not hold what it should."""


class SourceError(LabkitError, OSError):
    """A model or corpus is not where it was looked for (missing, unreachable, damaged)."""


class WithheldError(LabkitError):
    """A part of `labkit` that could answer an exercise was asked while submissions are graded."""
