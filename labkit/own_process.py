"""How labkit starts a module of its own in a new process."""

from __future__ import annotations

import sys


def command(module: str, *arguments: str) -> list[str]:
    """The words that run a module of labkit (`"labkit.checks.process.worker"`) as `python -m`.

    With -P: no file in the working folder, which a cell may have written, stands in for a module.
    """
    return [sys.executable, "-P", "-m", module, *arguments]
