"""How labkit starts a module of its own in a new process, and how a process of its own starts."""

from __future__ import annotations

import sys


def command(module: str, *arguments: str) -> list[str]:
    """The words that run a module of labkit (`"labkit.checks.process.worker"`) as `python -m`.

    With -P: no file in the working folder, which a cell may have written, stands in for a module.
    """
    return [sys.executable, "-P", "-m", module, *arguments]


def import_no_more_than_needed() -> None:
    """Leave out what libraries import at their start and nothing here uses.

    For processes that run labkit alone.  jsonschema, which nbformat imports, looks for
    rfc3987_syntax to check IRIs; that one builds its grammar as it is imported, which takes a
    second, and no notebook has an IRI to check.
    """
    sys.modules.setdefault("rfc3987_syntax", None)
