"""Run lines one after the other: `python commands.py LINE LINE…`, until one fails.

A line is a command of nbgrader or labkit, `cd FOLDER`, `cp FROM TO`, or `closed FOLDER`, which
fails where the folder can be looked into.  nbgrader is imported once: each command is a fork.
"""

import os
import runpy
import shlex
import shutil
import sys
from pathlib import Path

_MODULES = {"labkit": "labkit.cli", "nbgrader": "nbgrader"}


def _run(words):
    sys.argv = words
    try:
        runpy.run_module(_MODULES[words[0]], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
            return 1
        return end.code or 0
    return 0


if __name__ == "__main__":
    import nbgrader.apps  # noqa: F401 - so that the forks have it

    for line in sys.argv[1:]:
        print(f"$ {line}", flush=True)
        words = shlex.split(line)
        if words[0] == "cd":
            os.chdir(words[1])
            continue
        if words[0] == "cp":
            shutil.copyfile(*words[1:])
            continue
        if words[0] == "closed":
            try:
                sys.exit(f"it holds {list(Path(words[1]).iterdir())}")
            except PermissionError:
                continue
        child = os.fork()
        if child == 0:
            code = _run(words)
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
        if code := os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
            sys.exit(code)
