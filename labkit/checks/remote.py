"""Check a submission whose code runs in another process, from which only data comes back.

Whatever the code patches (asserts, torch, labkit), it patches in its own process.  This is no
sandbox: the code runs with the rights of whoever starts it.
"""

import contextlib
import os
import pickle
import re
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labkit.checks.data import loads
from labkit.checks.exercise import Exercise, Grade, Task
from labkit.checks.grading import grade_trial
from labkit.checks.registry import REGISTRY, TASKS
from labkit.checks.trial import SECONDS, Failure
from labkit.checks.worker import read_frame, write_frame
from labkit.errors import InputError

LOADING = 180.0  # seconds that the cells of a submission may take together
GRACE = 5.0  # seconds beyond the deadline of a call, after which the process is ended


def tasks_in(path: Path | str) -> tuple[Task, ...]:
    """Tasks of the labs that a notebook (by its grade ids) or a .py file (by its functions) holds.

    Raises:
        InputError: the file is missing, unreadable, or holds no exercise of the course.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            import nbformat

            notebook = nbformat.reads(text, as_version=4)
            metadata = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
            found = {str(entry.get("grade_id", "")).removesuffix("-answer") for entry in metadata}
            text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
            labs = {task.lab for task in TASKS.values() if task.grade_id in found}
        else:
            labs = set()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except Exception as error:  # nbformat has many ways to refuse a file
        raise InputError(
            f"{path} cannot be read as a notebook or .py file ({type(error).__name__}). "
            "Open it in JupyterLab and save it again, or start anew with `labkit start`."
        ) from None
    if not labs:
        defined = set(re.findall(r"^def (\w+)", text, re.MULTILINE))
        labs = {task.lab for task in REGISTRY.values() if task.function in defined}
    if not labs:
        raise InputError(f"{path} holds no exercise of this course; see `labkit start --help`.")
    return tuple(task for task in TASKS.values() if task.lab in labs)


class Submission:
    """A submission at `path`; its code runs in a process that is started when first needed.

    Use it in a `with` block, which ends the process.
    """

    def __init__(self, path: Path | str, seconds: float = SECONDS) -> None:
        self.path = Path(path).resolve()
        self.tasks = tasks_in(self.path)
        self.errors: list[tuple[int, str]] = []
        self._seconds = seconds
        self._process: subprocess.Popen | None = None
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process and remove its working folder."""
        self._end()
        self._folder.cleanup()

    def grade(self, exercise: Exercise, seed: int) -> Grade:
        """Check one exercise on inputs drawn from `seed`; never raises on account of the code."""
        return grade_trial(exercise, _RemoteTrial(self, exercise), seed)

    def ask(self, request: tuple) -> dict[str, Any]:
        """Send one call to the process and return its reply.

        Raises:
            Failure: the process ended, was too late, or sent something that is no data.
        """
        if self._process is None:
            self._start()
        try:
            # Reading the first model imports its classes: that is not the student's time.
            self._exchange(pickle.dumps(request), LOADING)
            return self._exchange(None, self._seconds + GRACE)
        except Failure:
            self._end()
            raise

    def _start(self) -> None:
        """Run the cells in a new process."""
        environment = {**os.environ, "MPLBACKEND": "Agg"}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "labkit.checks.worker", str(self.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self._folder.name,
            env=environment | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)},
        )
        try:
            reply = self._exchange(None, LOADING)
            self.errors = [(int(number), str(text)) for number, text in reply["errors"]]
        except Failure as failure:
            self._end()
            raise Failure(f"the submission could not be run: {failure}", anywhere=True) from None
        except (KeyError, TypeError, ValueError):
            self._end()
            raise Failure("the submission sent something else than data", True) from None

    def _exchange(self, request: bytes | None, seconds: float) -> dict[str, Any]:
        """Write a request, wait for the reply; the process is killed when it is late."""
        process = self._process
        late = threading.Event()

        def ring() -> None:
            late.set()
            process.kill()

        alarm = threading.Timer(seconds, ring)
        alarm.start()
        try:
            if request is not None:
                write_frame(process.stdin, request)
            reply = loads(read_frame(process.stdout))
            if not isinstance(reply, dict):
                raise ValueError
            return reply
        except (EOFError, OSError, MemoryError):
            if late.is_set():
                raise Failure(f"no answer after {seconds:g} s, the process was ended") from None
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=2)  # it may have closed its end and gone on
            process.kill()
            code = process.wait()
            raise Failure(f"the code ended its process (exit code {code})") from None
        except ValueError:
            raise Failure("what came back is no data") from None
        finally:
            alarm.cancel()

    def _end(self) -> None:
        if self._process is None:
            return
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError):
                stream.close()
        self._process = None


class _RemoteTrial:
    """What `Trial` is for a function of this process, for one of a submission's process."""

    def __init__(self, submission: Submission, exercise: Exercise) -> None:
        self.name = exercise.function
        self.forbidden: str | None = None
        self.noise: str | None = None
        self.after: tuple[Any, ...] = ()
        self._submission = submission
        self._forbids = exercise.forbids
        self._over: str | None = None

    def __call__(self, *arguments: Any) -> Any:
        """Return what the submission's function returns for `arguments`.

        Raises:
            Failure: as `Trial`, and where the process ends or does not answer.
        """
        self.after = arguments
        if self._over:
            raise Failure(self._over, anywhere=True)
        try:
            seconds = self._submission._seconds
            reply = self._submission.ask((self.name, self._forbids, seconds, arguments))
        except Failure as failure:
            # What ended the process would end it again, and each start runs all cells.
            self._over = str(failure)
            raise
        if isinstance(reply.get("after"), tuple):
            self.after = reply["after"]
        self.forbidden = _text(reply.get("forbidden"))
        self.noise = _text(reply.get("noise"))
        problem = _text(reply.get("problem"))
        if problem is not None:
            raise Failure(problem, anywhere=reply.get("anywhere") is True)
        return reply.get("value")


def _text(value: Any) -> str | None:
    return value if value is None else str(value)[:500]
