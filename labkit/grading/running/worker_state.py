"""What runs on a worker of the cluster while it grades."""

from __future__ import annotations

import secrets
import signal
import threading
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from distributed import get_worker
from distributed.diagnostics.plugin import WorkerPlugin

from labkit.checks.process.host import Host
from labkit.errors import InputError
from labkit.grading.running.finished import lab_version
from labkit.grading.running.hosts import open_host
from labkit.grading.running.one_submission import grade_one
from labkit.grading.sandbox.limits import Limits
from labkit.grading.submissions.outcomes import Handed
from labkit.own_process import import_no_more_than_needed


class Place(WorkerPlugin):
    """What a worker keeps during a run: the host that runs the code of submissions.

    `hired` says that the worker was started for this run alone; `address` is that of a sandbox on
    its machine, and `libraries` those of a sandbox of its own, see `open_host`.
    """

    def __init__(
        self,
        limits: Limits,
        sandbox: bool,
        hired: bool,
        address: Path | None = None,
        libraries: Sequence[str] = (),
    ) -> None:
        self.name = f"labkit-grading-{secrets.token_hex(4)}"
        self._limits = limits
        self._sandbox = sandbox
        self._hired = hired
        self._address = address
        self._libraries = libraries

    def setup(self, worker: Any) -> None:
        """Called by each worker that this comes to; the host starts with the first submission."""
        import_no_more_than_needed()
        if self._hired and threading.current_thread() is threading.main_thread():
            # Ctrl-C on the terminal is for the program that hired this worker, and ends it in time.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
        # The checks seed torch's one generator: only one thread of a process may grade.
        self.lock = threading.Lock()
        self._stack = ExitStack()
        self._host: Host | None = None

    def teardown(self, worker: Any) -> None:
        """Called by each worker when the run, or the worker, ends."""
        self._stack.close()

    def host(self) -> Host:
        """The host of this worker, started once.

        Raises:
            InputError: there is no sandbox on this machine.
        """
        if self._host is None:
            host = open_host(self._limits, self._sandbox, self._address, self._libraries)
            self._host = self._stack.enter_context(host)
        return self._host


def grade(place: str, handed: Handed, source: str, seed: int, version: str) -> str:
    """Grade one submission on a worker; returns its outcome as JSON.

    Raises:
        InputError: there is no sandbox here, or this is another version of the lab.
    """
    worker = get_worker()
    if lab_version(source) != version:
        raise InputError(
            f"the worker {worker.address} has another version of labkit, whose checks may judge "
            "differently. Install the same on all machines."
        )
    here = worker.plugins[place]
    with here.lock:
        return grade_one(handed, source, seed, here.host()).to_json()
