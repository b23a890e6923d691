"""The `labkit` command: one module per group of commands, all on the one `app`."""

from labkit.cli import about, labs, speed, studies
from labkit.cli.app import app, main

__all__ = ["about", "app", "labs", "main", "speed", "studies"]
