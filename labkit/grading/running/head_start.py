"""What takes seconds to import on this machine, begun before it is known what there is to grade."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from labkit.checks.registry import libraries_of
from labkit.cluster import workers_forked_with
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.shared_parent import SharedParent

_HERE = "labkit.grading.running"


@dataclass(frozen=True)
class HeadStart:
    """What has begun: workers will be forked, and join the sandbox at `address`, if there is one.

    Without an address each makes a sandbox of its own.
    """

    address: Path | None


@contextmanager
def head_start(lab: str, limits: Limits, sandbox: bool) -> Iterator[HeadStart]:
    """Begin the imports of workers that start in the block, and those of a sandbox for them all.

    `lab` says which libraries they need; of one that there is not, none are known.

    Raises:
        InputError: no sandbox can be made here; says what to do.
    """
    with ExitStack() as stack:
        libraries, address = libraries_of(lab), None
        if sandbox:
            # First: what workers import takes less time, and they start while this goes on.
            with suppress(OSError):  # no place for a socket
                parent = closing(SharedParent(limits, libraries.answers))
                address = stack.enter_context(parent).address
        modules = (f"{_HERE}.imported_once", *libraries.checks, f"{_HERE}.imports_end")
        stack.enter_context(workers_forked_with(*modules))
        yield HeadStart(address)
