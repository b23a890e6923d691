"""A host for one's own check: the code runs in a fork, so that libraries are imported once."""

from __future__ import annotations

import contextlib
import gc
import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from labkit.checks.process.host import Plain, Running
from labkit.checks.process.worker import serve

# What the checks and the code of a submission both import.
_SHARED = (
    "torch",
    "transformers.models.bart.modeling_bart",
    "transformers.models.gpt2.modeling_gpt2",
    "transformers.models.roberta.modeling_roberta",
    "IPython.core.interactiveshell",
)


class Forked(Plain):
    """As `Plain`, but the first process is a fork that is made here and now, on Linux.

    Make it before there are threads, in a process that does no more than check (what is in memory
    then is never looked through for garbage), and use it in a `with` block. A later process, for
    cells that ended the first, is started as `Plain` does; so are all of them on other systems,
    whose libraries do not bear a fork.
    """

    def __init__(self) -> None:
        self._waiting: _Fork | None = None
        if sys.platform == "linux":
            # What is imported stays: looking through it for garbage takes a tenth of the time.
            gc.disable()
            try:
                for name in _SHARED:
                    # Whoever needs a package that is missing says so in its own words.
                    with contextlib.suppress(ImportError):
                        import_module(name)
                self._waiting = _Fork()
            finally:
                gc.enable()

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *_: object) -> None:
        if self._waiting is not None:
            self._waiting.kill()
            self._waiting.end()

    def start(self, path: Path, without: Sequence[int] = ()) -> Running:
        """As `Host.start`."""
        fork, self._waiting = self._waiting, None
        if fork is None:
            return super().start(path, without)
        fork.serve(path, without)
        return fork


class _Fork:
    """A process that waits to be told which file to serve."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        incoming, requests = os.pipe()
        replies, outgoing = os.pipe()
        gc.freeze()  # what both have is not looked through again, nor copied for that
        self._process, self._ended = os.fork(), None
        if self._process == 0:
            gc.enable()
            os.close(requests)
            os.close(replies)
            _wait(self._folder.name, incoming, outgoing)
        os.close(incoming)
        os.close(outgoing)
        self.requests, self.replies = os.fdopen(requests, "wb"), os.fdopen(replies, "rb")

    def serve(self, path: Path, without: Sequence[int]) -> None:
        """Say what to serve."""
        task = json.dumps([str(path), *without]) + "\n"
        with contextlib.suppress(OSError):  # it has ended: the first message finds out
            self.requests.write(task.encode())
            self.requests.flush()

    def kill(self) -> None:
        """As `Running.kill`."""
        if self._ended is None:
            os.kill(self._process, signal.SIGKILL)

    def end(self) -> str:
        """As `Running.end`."""
        until = time.monotonic() + 2  # it may have closed its end and gone on
        while not self._reaped() and time.monotonic() < until:
            time.sleep(0.01)
        self.kill()
        while not self._reaped():
            time.sleep(0.01)
        for stream in (self.requests, self.replies):
            with contextlib.suppress(OSError):
                stream.close()
        self._folder.cleanup()
        return f"the code ended its process (exit code {self._ended})"

    def _reaped(self) -> bool:
        if self._ended is None:
            process, status = os.waitpid(self._process, os.WNOHANG)
            if process:
                self._ended = os.waitstatus_to_exitcode(status)
        return self._ended is not None


def _wait(folder: str, incoming: int, outgoing: int) -> None:
    """Be the process of a submission, as `worker.main` would be, and never return."""
    status = 1
    try:
        os.chdir(folder)
        os.environ["MPLBACKEND"] = "Agg"
        requests, replies = os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb")
        if task := requests.readline():
            path, *without = json.loads(task)
            serve(Path(path), requests, replies, without=without)
        status = 0
    finally:
        os._exit(status)
