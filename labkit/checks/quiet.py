"""Swallow what a student's function prints, warns and logs while a check calls it.

nbgrader gives no points for a cell that writes to standard error, however right the answer.
"""

import contextlib
import io
import logging
import os
import warnings
from collections.abc import Iterator


class _Sink(io.TextIOBase):
    """A stream that forgets: a function that prints in an endless loop must not fill memory."""

    def write(self, text: str) -> int:
        """Take `text` and drop it."""
        return len(text)


@contextlib.contextmanager
def _descriptors_to_null() -> Iterator[None]:
    """Point file descriptors 1 and 2 at the null device: C code writes past `sys.stdout`."""
    saved: dict[int, int] = {}
    try:
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            for descriptor in (1, 2):
                # Closed in some services: then there is nothing to swallow.
                with contextlib.suppress(OSError):
                    saved[descriptor] = os.dup(descriptor)
                    os.dup2(null, descriptor)
        finally:
            os.close(null)
        yield
    finally:
        for descriptor, copy in saved.items():
            os.dup2(copy, descriptor)
            os.close(copy)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """No output, warning or log record of the block reaches the notebook or the terminal."""
    sink = _Sink()
    logging_was = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(),
            contextlib.redirect_stdout(sink),
            contextlib.redirect_stderr(sink),
            _descriptors_to_null(),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(logging_was)
