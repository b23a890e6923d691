"""Call a student's function so that whatever it does ends as a value or as a sentence."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

from labkit.checks.engine.deadline import PATIENCE, Late, deadline
from labkit.checks.engine.forbidden_calls import Watch
from labkit.checks.engine.quiet import Noise, quiet

SECONDS = 5.0
"""Of processor time that a call may take; by the clock it may be more, see `deadline`."""
HINT = "This looks like '"
"""How a check begins to name a misconception."""
LATE = "had not returned after"
"""What is said of a call that was ended by the deadline."""


class Failure(Exception):
    """A call that gave no value; the message says why, in words for the student.

    `anywhere` says that the reason has nothing to do with the arguments of this call.
    """

    def __init__(self, message: str, anywhere: bool = False) -> None:
        super().__init__(message)
        self.anywhere = anywhere


class Trial:
    """A student's `function` under test, called `name` in the exercise.

    Calling the trial calls the function: with a deadline, its output kept off the screen, torch's
    global settings put back, calls into `forbids` noticed.  Only data comes back, or `Failure`.
    After a call that was ended by the deadline, or a forbidden one, the function is not called
    again: otherwise an endless loop would cost the deadline for each input.  `after` holds the
    arguments of the last call as the function left them, and `left` names the settings of torch
    that a call has left changed, or is None.  `missing` is what to say where the function is None.
    """

    def __init__(
        self,
        function: Callable[..., Any] | None,
        name: str,
        forbids: tuple[str, ...] = (),
        seconds: float = SECONDS,
        missing: str = "run the cell that defines it, under this name and without an error",
    ) -> None:
        self.name = name
        self.forbidden: str | None = None
        self.after: tuple[Any, ...] = ()
        self.left: str | None = None
        self._function = function
        self._noise = Noise()
        self._watch = Watch(forbids)
        self._seconds = seconds
        self._over: str | None = None
        if function is None:
            self._over = f"there is no function {name} yet: {missing}"
        elif not callable(function):
            self._over = f"{name} is no function but a value of type {type(function).__name__}"

    @property
    def noise(self) -> str | None:
        """The beginning of what the function printed in all its calls, on one line; or None."""
        if not self._noise.text:
            return None
        text = one_line(self._noise.text, 60)
        return repr(text) if text else "blank lines"  # repr: no control characters

    def __call__(self, *arguments: Any) -> Any:
        """Return what the function returns for `arguments`.

        Raises:
            Failure: the function raised, ran too long, is missing, or took a forbidden shortcut.
        """
        self.after = arguments
        if self._over:
            raise Failure(self._over, anywhere=True)
        try:
            value = self._value(arguments)
        except Failure:
            if not self._watch.seen:
                raise
        if self._watch.seen:
            self.forbidden = self._over = (
                f"{self.name} called {self._watch.seen}. "
                f"That {'hides what runs' if self._watch.hides else 'does the exercise for you'}, "
                "so it earns no points: compute the answer yourself"
            )
            raise Failure(self._over, anywhere=True)
        return value

    def _value(self, arguments: tuple[Any, ...]) -> Any:
        """What the function returns; or `Failure`, whatever else it does."""
        try:
            with _torch_settings_kept() as changed, quiet(self._noise):
                value = self._watched(arguments)
                self.left = self.left or changed()
                return value
        except Late as late:
            taken, remedy = PATIENCE * self._seconds, "look for what it waits for"
            if late.computing:
                taken = self._seconds
                remedy = "look for a loop that does not stop, or that takes too many steps"
            self._over = f"{self.name} {LATE} {taken:g} s and was ended: {remedy}"
            raise Failure(self._over) from None
        except KeyboardInterrupt:
            # Perhaps a press on the stop button: then nobody wants the other inputs tried.
            self._over = f"{self.name} was interrupted (KeyboardInterrupt)"
            raise Failure(self._over) from None
        except NotImplementedError as error:
            text = one_line(error)
            # torch raises this type as well, with a text, for operations that a dtype lacks.
            if text:
                raise Failure(f"{self.name} raised NotImplementedError: {text}") from None
            raise Failure(f"{self.name} is not written yet", anywhere=True) from None
        except BaseException as error:
            raise Failure(_raised(self.name, self._function, error)) from None

    def _watched(self, arguments: tuple[Any, ...]) -> Any:
        """Call the function with the deadline and the watch; both end with the call.

        Threads that the function starts are watched to their end.
        """
        profile, of_threads = sys.getprofile(), threading.getprofile()
        try:
            with deadline(self._seconds):
                threading.setprofile(self._watch)
                sys.setprofile(self._watch)
                return self._function(*arguments)
        finally:  # behind the deadline, which cannot ring in here
            sys.setprofile(profile)
            threading.setprofile(of_threads)


@contextlib.contextmanager
def _torch_settings_kept() -> Iterator[Callable[[], str | None]]:
    """Put back torch's gradient mode, default dtype and device, algorithms, precision and threads.

    What the block gets says which of them has changed, or None.
    """
    if "torch" not in sys.modules:
        yield lambda: None
        return
    import torch

    gradients = "gradients switched " + ("off" if torch.is_grad_enabled() else "on")
    settings = (
        (gradients, torch.is_grad_enabled, torch.set_grad_enabled),
        ("another default dtype", torch.get_default_dtype, torch.set_default_dtype),
        ("another default device", torch.get_default_device, torch.set_default_device),
        (
            "another choice of deterministic algorithms",
            torch.get_deterministic_debug_mode,  # tells a warning from an error too
            torch.set_deterministic_debug_mode,
        ),
        (
            "another precision of matrix products",
            torch.get_float32_matmul_precision,
            torch.set_float32_matmul_precision,
        ),
        ("another number of threads", torch.get_num_threads, torch.set_num_threads),
        (
            "another search for anomalies",
            torch.is_anomaly_enabled,
            torch.autograd.set_detect_anomaly,
        ),
        ("subnormal numbers taken for 0", _subnormals_are_zero, torch.set_flush_denormal),
    )
    before = [get() for _, get, _ in settings]

    def changed() -> Iterator[int]:
        return (n for n, (_, get, _) in enumerate(settings) if get() != before[n])

    try:
        yield lambda: next((settings[n][0] for n in changed()), None)
    finally:
        for n in list(changed()):
            settings[n][2](before[n])


def _subnormals_are_zero() -> bool:
    """Whether the processor takes the smallest numbers for 0: torch does not say."""
    import torch

    return bool(torch.tensor([1.0], dtype=torch.float32, device="cpu") * 1e-40 == 0)


def _raised(name: str, function: Any, error: BaseException) -> str:
    """Exception type, text, and the line of the student's function it came from."""
    place = ""
    code = getattr(function, "__code__", None)
    trace = error.__traceback__
    while code is not None and trace is not None:
        if trace.tb_frame.f_code is code:
            place = f" in line {trace.tb_lineno - code.co_firstlineno + 1} of the function"
        trace = trace.tb_next
    text, kind = one_line(error), one_line(type(error).__name__)
    return f"{name} raised {kind}{place}" + (f": {text}" if text else "")


def one_line(thing: object, width: int = 160) -> str:
    """Text of `thing` on one line; the text itself may be a student's code, and fail.

    It does not claim to be a hint: only the checks name misconceptions.
    """
    try:
        text = legible(str(thing)).replace(HINT, HINT.lower())
    except BaseException:
        return "(its text cannot be shown)"
    return text if len(text) <= width else text[: width - 1] + "…"


def legible(text: str) -> str:
    """The text on one line, without what steers a terminal or turns the direction of writing."""
    text = " ".join(text.split())
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
