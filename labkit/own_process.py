"""How labkit starts a module of its own in a new process, and how a process of its own starts."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""Exit code of a command that Ctrl-C ended."""


def leave_at_once(number: int, frame: object) -> None:
    """What Ctrl-C does while a command is loaded: nothing was begun that would have to be ended.

    An exception would be printed where the next one meets it, and lost where Python ignores it.
    """
    os._exit(INTERRUPTED)


def command(module: str, *arguments: str) -> list[str]:
    """The words that run a module of labkit (`"labkit.checks.process.worker"`) as `python -m`.

    With -P: no file in the working folder, which a cell may have written, stands in for a module.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


@contextmanager
def importing() -> Iterator[None]:
    """Import in the block without looking for garbage: what is imported stays.

    It takes a sixth of the time of many imports, and later looks pass over what is there now.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def import_no_more_than_needed() -> None:
    """Leave out what libraries import at their start and nothing here uses.

    For processes that run labkit alone.  jsonschema, which nbformat imports, looks from 4.25 on for
    rfc3987_syntax to check IRIs; that one builds its grammar as it is imported, which takes a
    second, and no notebook has an IRI to check.  The pinned jsonschema does not, but an
    environment that others made may have a newer one.
    """
    sys.modules.setdefault("rfc3987_syntax", None)
