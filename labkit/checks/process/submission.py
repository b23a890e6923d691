"""Check a submission whose code runs in another process, from which only data comes back.

Whatever the code patches (asserts, torch, labkit), it patches in its own process.  Where that runs
is the host's matter: `Plain` is no sandbox, those of `labkit.grading` are.
"""

import contextlib
import pickle
import sys
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from labkit.checks.engine.deadline import PATIENCE
from labkit.checks.engine.exercise import Exercise, Grade
from labkit.checks.engine.judge import AnyCase
from labkit.checks.engine.plain_data import loads
from labkit.checks.engine.trial import SECONDS, Failure, one_line
from labkit.checks.process.alarm import Alarm
from labkit.checks.process.arguments import pack_arguments
from labkit.checks.process.exercises_in import code_cells, figures, graded, tasks_in
from labkit.checks.process.frames import read_frame, write_frame
from labkit.checks.process.host import Host, Plain, Running
from labkit.checks.scoring import grade_trial
from labkit.errors import SourceError

GRACE = 5.0  # seconds beyond the deadline of a call or cell, after which the process is ended
_END = sys.maxsize  # behind the last cell
_MOST_ERRORS = 200  # that are told of one submission
STARTS = 4  # how often a submission is started whose cells end their process


class Submission:
    """A submission at `path`; its code runs in a process that `host` starts when first needed.

    Cells run in order.  An exercise is judged with the names as they are where its graded cell
    stands, or after all cells where there is none; `in_order` says in which order that goes
    without running cells again.

    A cell that ends the process, or does not end itself, is left out of the next start, so that
    the other cells count.  Cells that compute figures for an answer in words are left out from the
    first: they take long, and no check looks at them.  `errors` holds (number of the code cell,
    error) of cells that ended the process and of those that raised; `passed_over` (number, shell
    command); `ended` why processes of the submission ended before they were told to.  Use it in a
    `with` block, which ends the process.
    """

    def __init__(
        self, path: Path | str, seconds: float = SECONDS, host: Host | None = None
    ) -> None:
        self.path = Path(path).resolve()
        self.tasks = tasks_in(self.path)
        cells = code_cells(self.path)
        self._figures, self._graded = figures(cells), graded(cells)
        self.errors: list[tuple[int, str]] = []
        self.passed_over: list[tuple[int, str]] = []
        self.ended: list[str] = []
        self._seconds = seconds
        self._host = host or Plain()
        self._running: Running | None = None
        self._ran = 0  # the number of the cell before which the process stands
        self._left = 0.0  # seconds that its cells may still take
        self._left_out: dict[int, str] = {}
        self._hopeless: str | None = None
        self._failed: SourceError | None = None
        self._spent = 0.0
        self._alarm = Alarm()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
        self._alarm.close()

    def close(self) -> None:
        """End the process."""
        if self._running is not None:
            self._running.kill()
            with contextlib.suppress(SourceError):  # it has ended, whyever
                self._running.end()
            self._running = None
        self._ran = 0

    def in_order(self, exercises: Iterable[Exercise]) -> list[Exercise]:
        """The exercises in the order of their graded cells."""
        return sorted(exercises, key=self._stop)

    def grade(self, exercise: Exercise, seed: int) -> Grade:
        """Check one exercise on inputs drawn from `seed`; never raises on account of the code.

        Raises:
            SourceError: the host failed.
        """
        grade = grade_trial(exercise, _RemoteTrial(self, exercise), seed)
        if self._failed is not None:
            raise self._failed
        return grade

    def finish(self) -> None:
        """Run the cells behind the last graded one: what they raise is in `errors`."""
        if self._running is not None:
            with contextlib.suppress(Failure):
                self._reach(_END)

    def ask(self, exercise: Exercise, pack: Callable[[], bytes]) -> dict[str, Any]:
        """Call the function of an exercise in the process and return the reply.

        `pack` gives the arguments as `pack_arguments` does, once the process is there.

        Raises:
            Failure: the process ended, was too late, or sent something that is no data.
        """
        self._reach(self._stop(exercise))
        request = ("call", exercise.function, exercise.forbids, self._seconds, pack())
        try:
            # Reading the first model imports its classes: that is not the student's time.
            self._exchange(request, self._host.loading)
            return self._exchange(None, PATIENCE * self._seconds + GRACE)
        except Failure as failure:
            self.ended.append(str(failure))
            self.close()
            raise

    def _stop(self, exercise: Exercise) -> int:
        return self._graded.get(exercise.grade_id, _END)

    def _reach(self, stop: int) -> None:
        """Run the cells before cell `stop`; again in a new process without a cell that ended it."""
        if self._running is not None and self._ran == stop:
            return
        if self._ran > stop:
            self.close()
        end = time.monotonic() + self._host.loading  # of all starts together
        while self._hopeless is None and len(self._left_out) < STARTS:
            began = time.monotonic()
            if self._running is None:
                without = (*self._figures, *self._left_out)
                self._running, self._ran = self._host.start(self.path, without), 0
                self._left = self._host.loading
            last = min(end, began + self._left)
            cell = None
            try:
                # Imports of the worker come first.
                reply = self._exchange(("run", stop), max(last - began, 0.1))
                while "cell" in reply:
                    cell = int(reply["cell"])
                    seconds = min(self._host.cell + GRACE, last - time.monotonic())
                    reply = self._exchange(None, max(seconds, 0.1))
                told = [list(reply[name])[:_MOST_ERRORS] for name in ("errors", "passed_over")]
                errors, passed = ([(int(n), one_line(text, 300)) for n, text in t] for t in told)
                self.errors = sorted((dict(errors) | self._left_out).items())
                self.passed_over = passed
                self._ran, self._left = stop, self._left - (time.monotonic() - began)
                return
            except Failure as failure:
                self.ended.append(str(failure))
                self.close()
                if cell is None or cell in self._left_out or time.monotonic() > end:
                    self._hopeless = f"code cell {cell}: {failure}" if cell else str(failure)
                else:
                    self._left_out[cell] = str(failure)
            except (KeyError, TypeError, ValueError, OverflowError):  # of int(inf)
                self.close()
                self._hopeless = "what came back is no data"
        said = self._hopeless or list(self._left_out.values())[-1]
        self.errors = sorted((dict(self.errors) | self._left_out).items())
        raise Failure(f"the submission could not be run: {said}", anywhere=True)

    def _exchange(self, request: tuple | None, seconds: float) -> dict[str, Any]:
        """Write a request, wait for the reply; the process is killed when it is late."""
        running, late, began = self._running, threading.Event(), time.monotonic()
        if self._spent > self._host.together:
            text = f"the {self._host.together:g} s that a submission has were used up"
            raise Failure(text, anywhere=True)

        def ring() -> None:
            late.set()
            running.kill()

        self._alarm.set(seconds, ring)
        try:
            if request is not None:
                write_frame(running.requests, pickle.dumps(request))
            reply = loads(read_frame(running.replies, self._host.largest))
            if not isinstance(reply, dict):
                raise ValueError
            return reply
        except (EOFError, OSError, MemoryError):
            if late.is_set():
                raise Failure(f"no answer after {seconds:.3g} s, the process was ended") from None
            self._running, self._ran = None, 0
            try:
                said = running.end()
            except SourceError as error:
                self._failed = error
                raise
            raise Failure(said) from None
        except ValueError:
            raise Failure("what came back is no data") from None
        finally:
            self._alarm.clear()
            self._spent += time.monotonic() - began


class _RemoteTrial:
    """What `Trial` is for a function of this process, for one of a submission's process.

    `packed` holds by the ids of cases what has been sent for them, None where nothing has; what
    is sent for cases that are not in it is forgotten.
    """

    apart = True

    def __init__(self, submission: Submission, exercise: Exercise) -> None:
        self.name = exercise.function
        self.forbidden: str | None = None
        self.noise: str | None = None
        self.left: str | None = None
        self.after: tuple[Any, ...] = ()
        self.packed: dict[int, bytes | None] = {}
        self._submission = submission
        self._exercise = exercise
        self._over: str | None = None

    def on(self, case: AnyCase) -> Any:
        """Return what the submission's function returns for the arguments of `case`.

        Raises:
            Failure: as `Trial`, and where the process ends or does not answer.
        """

        def pack() -> bytes:
            packed = self.packed.get(id(case)) or pack_arguments(case.given())
            if id(case) in self.packed:
                self.packed[id(case)] = packed
            return packed

        return self._called(pack, case.given)

    def __call__(self, *arguments: Any) -> Any:
        """As `on`, for `arguments`."""
        return self._called(lambda: pack_arguments(arguments), lambda: arguments)

    def _called(self, pack: Callable[[], bytes], given: Callable[[], tuple]) -> Any:
        reply: dict[str, Any] = {}
        try:
            if self._over:
                raise Failure(self._over, anywhere=True)
            reply = self._submission.ask(self._exercise, pack)
        except Failure as failure:
            # What ended the process would end it again, and each start runs all cells.
            self._over = str(failure)
            raise
        finally:
            after = reply.get("after")
            self.after = after if isinstance(after, tuple) else given()
        self.forbidden = _text(reply.get("forbidden"))
        self.noise = _text(reply.get("noise"))
        self.left = _text(reply.get("left"))
        problem = _text(reply.get("problem"))
        if problem is not None:
            raise Failure(problem, anywhere=reply.get("anywhere") is True)
        return reply.get("value")


def _text(value: Any) -> str | None:
    return value if value is None else one_line(value, 500)
