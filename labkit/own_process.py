"""How labkit starts a module of its own in a new process."""

from __future__ import annotations

import sys


def command(module: str, *arguments: str) -> list[str]:
    """The words that run a module of labkit (`"labkit.checks.process.worker"`) as `python -m`."""
    return [sys.executable, "-m", module, *arguments]
