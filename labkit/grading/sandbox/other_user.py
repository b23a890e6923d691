"""Run a submission as another user, in a container that allows no bubblewrap.

Only root can: as Gradescope recommends ("Code Autograder Best Practices": run students' code as
another user, take the source and the results from it, bar sockets by seccomp).  It is less than
bubblewrap.  The submission has no network, no privilege, no environment, limits of its own and
ends with all that its user started; it sees labkit as in bubblewrap.  But it sees that other
processes run, and reads whatever the container lets everybody read: what is secret has to be
root's alone (`closed`).
"""

import contextlib
import json
import os
import platform
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import psutil

from labkit.checks.process.host import end
from labkit.errors import InputError
from labkit.grading.sandbox.bubblewrap import environment
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.own_folder import OwnFolder
from labkit.grading.sandbox.visible_packages import STUB, WITHHELD, write_view
from labkit.grading.sandbox.watchdog import Guard

_FIRST, _MANY = 20_000, 40_000  # users that a container has and nobody is


def problem() -> str | None:
    """Why no submission can be run as another user here, or None where one can."""
    if platform.system() != "Linux":
        return "another user can be taken on Linux only"
    if os.geteuid() != 0:
        return "only root can take another user"
    try:
        _as_user(_free_user(), ["/bin/sh", "-c", "exit 0"])
    except (OSError, subprocess.SubprocessError) as error:
        return f"the system does not let root take another user ({error})"
    return None


def closed(path: Path | str) -> None:
    """Take a file, or a folder and all in it, from everybody but root.

    Raises:
        OSError: it cannot be changed.
    """
    for place in (Path(path), *Path(path).rglob("*")):
        if not place.is_symlink():
            place.chmod(place.stat().st_mode & 0o700)


def withheld_files() -> list[Path]:
    """The installed files and folders of `WITHHELD`, for `closed`: stubs stand in for them."""
    found = []
    for name in WITHHELD:
        top, *rest = name.split(".")
        spec = find_spec(top)
        if spec is not None and spec.origin is not None:
            place = Path(spec.origin).parent.joinpath(*rest)
            found += [one for one in (place, place.with_suffix(".py")) if one.exists()]
    return found


class OtherUser:
    """A host that starts each submission as a user that nobody is; see `checks.process.host`.

    Raises:
        InputError: this is not root, or the system does not let it take another user.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        if said := problem():
            raise InputError(f"submissions cannot be kept apart here: {said}.")
        self.limits = limits or Limits()
        self.cell, self.loading = self.limits.cell, self.limits.loading
        self.together, self.largest = self.limits.together, self.limits.output
        self._folder = OwnFolder("labkit-view-")
        view = self._folder.path
        self._stub = view / "withheld.py"
        write_view(view)
        self._stub.write_text(STUB, encoding="utf-8")
        for place in (view, *view.rglob("*")):
            place.chmod(0o755 if place.is_dir() else 0o644)
        self._user = _free_user()

    def close(self) -> None:
        """Remove the view; no submission may run any more."""
        self._folder.cleanup()

    def start(self, path: Path, without: Sequence[int] = ()) -> "UserProcess":
        """As `Host.start`."""
        stubs = json.dumps(dict.fromkeys(WITHHELD, str(self._stub)))
        arguments = ["user", stubs, f"submission{path.suffix}", *map(str, without)]
        return UserProcess(self._user, self._folder.path, path, arguments, self.limits)


class UserProcess:
    """A process of another user, see `labkit.checks.process.host.Running`."""

    def __init__(
        self, user: int, view: Path, path: Path, arguments: list[str], limits: Limits
    ) -> None:
        self._user = user
        self._scratch = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        folder = Path(self._scratch.name)
        copy = folder / f"submission{path.suffix}"
        shutil.copyfile(path, copy)
        for place in (copy, folder):
            os.chown(place, user, user)
        words = [sys.executable, "-P", "-m", "labkit.grading.sandbox.inside_sandbox"]
        self._process = subprocess.Popen(
            [*words, limits.to_json(), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(str(folder), str(view)),
            cwd=folder,
            user=user,
            group=user,
            extra_groups=[],
            umask=0o077,
            start_new_session=True,
        )
        self.requests, self.replies = self._process.stdin, self._process.stdout
        self._guard = _UserGuard(self._process.pid, limits, user)

    def kill(self) -> None:
        """As `Running.kill`: with everything that runs as its user."""
        self._process.kill()
        _kill_all(self._user)

    def end(self) -> str:
        """As `Running.end`."""
        said = end(self._process)
        _kill_all(self._user)
        said = self._guard.end() or said
        self._scratch.cleanup()
        return said


class _UserGuard(Guard):
    """Watches everything that runs as a user, also what no longer has a parent there."""

    def __init__(self, pid: int, limits: Limits, user: int) -> None:
        self._user = user
        super().__init__(pid, limits)

    def _family(self, first: psutil.Process) -> list[psutil.Process]:
        if not first.is_running():
            raise psutil.NoSuchProcess(first.pid)
        return _processes(self._user)

    def _kill(self, first: psutil.Process) -> None:
        first.kill()
        _kill_all(self._user)


def _processes(user: int) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.uids().real == user:
                found.append(process)
    return found


def _kill_all(user: int) -> None:
    """End all processes of a user at once: from one that sends the signal and is ended with them.

    One after the other would be a race with those that start new ones.
    """
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        _as_user(user, ["/bin/sh", "-c", "kill -9 -1"], check=False)


def _as_user(user: int, words: Sequence[str], check: bool = True) -> None:
    quiet = subprocess.DEVNULL
    subprocess.run(
        words,
        check=check,
        timeout=30,
        stdin=quiet,
        stdout=quiet,
        stderr=quiet,
        env={},
        cwd="/",
        user=user,
        group=user,
        extra_groups=[],
    )


def _free_user() -> int:
    """A number that no user has and nothing runs as: what runs as it can then be ended."""
    taken = {entry.pw_uid for entry in pwd.getpwall()}
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            taken.add(process.uids().real)
    start = os.getpid() % _MANY
    numbers = (_FIRST + (start + step) % _MANY for step in range(_MANY))
    return next(number for number in numbers if number not in taken)
