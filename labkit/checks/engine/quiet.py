"""Keep what a student's function prints, warns and logs away from the screen; note what it prints.

nbgrader gives no points for a cell that writes to standard error, however right the answer.
"""

import contextlib
import io
import logging
import os
import sys
import warnings
from collections.abc import Iterator

_KEPT = 200  # characters


class Noise(io.TextIOBase):
    """A stream that keeps its beginning only: a function that prints without end fills no memory.

    `text` is that beginning, empty where nothing was printed.
    """

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> int:
        """Take `text`, keep what still fits."""
        self.text += text[: _KEPT - len(self.text)]
        return len(text)


@contextlib.contextmanager
def _descriptors_to(noise: Noise) -> Iterator[None]:
    """Catch what is written to the file descriptors 1 and 2: C code writes past `sys.stdout`.

    The system keeps the 64 KiB that fit into a pipe; who writes more is told so by the system
    (BlockingIOError) and waits for nobody.
    """
    saved: dict[int, int] = {}
    reading, writing = os.pipe()
    try:
        try:
            os.set_blocking(reading, False)
            os.set_blocking(writing, False)
            _flush()
            for descriptor in (1, 2):
                # Closed in some services: then there is nothing to catch.
                with contextlib.suppress(OSError):
                    saved[descriptor] = os.dup(descriptor)
                    os.dup2(writing, descriptor)
        finally:
            os.close(writing)
        yield
    finally:
        _flush()
        for descriptor, copy in saved.items():
            os.dup2(copy, descriptor)
            os.close(copy)
        # A process that the function started and left may hold the other end: read without waiting.
        with contextlib.suppress(BlockingIOError):
            noise.write(os.read(reading, _KEPT).decode(errors="replace"))
        os.close(reading)


def _flush() -> None:
    """Send on what Python holds back for the descriptors, which a student may have closed."""
    for stream in (sys.__stdout__, sys.__stderr__):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            stream.flush()


@contextlib.contextmanager
def quiet(noise: Noise | None = None) -> Iterator[None]:
    """No output, warning or log record of the block reaches the notebook or the terminal.

    What was printed, the beginning of it, goes to `noise`; warnings and log records do not, for
    the libraries that a function calls may issue them.
    """
    noise = noise or Noise()
    # `logging.disable` would empty a cache of each logger, of which libraries have a thousand.
    disabled, handle = logging.root.manager.disable, logging.Logger.handle
    logging.Logger.handle = _pass_over
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(noise),
            contextlib.redirect_stderr(noise),
            _descriptors_to(noise),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.Logger.handle = handle
        if logging.root.manager.disable != disabled:  # the block's own doing
            logging.disable(disabled)


def _pass_over(logger: logging.Logger, record: logging.LogRecord) -> None:
    """In the place of what hands a record to the handlers of its logger."""
