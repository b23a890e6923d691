"""Where the process of a submission runs: a `Host` starts it, `Plain` without any protection."""

import contextlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Protocol

from labkit import own_process
from labkit.checks.engine.plain_data import LARGEST

_WORKER = "labkit.checks.process.worker"


class Running(Protocol):
    """A process of `worker`: messages go in by `requests` and come by `replies`."""

    requests: BinaryIO
    replies: BinaryIO

    def kill(self) -> None:
        """End the process and all that it started; harmless where it has ended. Any thread."""

    def end(self) -> str:
        """End the process if need be, let go of all it holds, and say how it ended.

        Raises:
            SourceError: the host failed, which is no fault of the submission.
        """


class Host(Protocol):
    """Starts processes of submissions, and says how long they may run.

    `cell` and `loading` are seconds for one cell and for all cells of a notebook, `together` those
    for everything that is done with it; `largest` is the size of a reply in bytes.
    """

    cell: float
    loading: float
    together: float
    largest: int

    def start(self, path: Path, without: Sequence[int] = ()) -> Running:
        """Start the worker on the notebook or .py file at `path`, leaving out some code cells.

        Raises:
            LabkitError: no process can be started here.
        """


class Plain:
    """A process with the rights of whoever starts it: no sandbox."""

    cell = 180.0
    loading = 600.0  # more than one cell may take, so that an endless one costs the others nothing
    together = float("inf")
    largest = 2 * LARGEST

    def start(self, path: Path, without: Sequence[int] = ()) -> Running:
        """As `Host.start`."""
        return _PlainProcess(path, without)


class _PlainProcess:
    def __init__(self, path: Path, without: Sequence[int]) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        environment = {**os.environ, "MPLBACKEND": "Agg"}
        self._process = subprocess.Popen(
            own_process.command(_WORKER, str(path), *map(str, without)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env=environment | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        self.requests, self.replies = self._process.stdin, self._process.stdout

    def kill(self) -> None:
        self._process.kill()

    def end(self) -> str:
        said = end(self._process)
        self._folder.cleanup()
        return said


def end(process: subprocess.Popen) -> str:
    """As `Running.end`, for a process whose standard input and output are its two streams."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=2)  # it may have closed its end and gone on
    process.kill()
    code = process.wait()
    for stream in (process.stdin, process.stdout):
        with contextlib.suppress(OSError):
            stream.close()
    return f"the code ended its process (exit code {code})"
