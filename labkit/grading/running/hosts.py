"""The host that runs the code of submissions: the quickest that this machine allows."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from labkit.checks.process.host import Host, Plain
from labkit.grading.sandbox.bubblewrap import Bubble, problem
from labkit.grading.sandbox.fork_server import Refused, Warm
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.other_user import OtherUser
from labkit.grading.sandbox.shared_parent import Joined

BUBBLEWRAP = "bubblewrap: it saw no network, no other process and nothing but Python and its file"
OTHER_USER = (
    "a user of its own, as bubblewrap is not allowed here: no network, and no file that this user "
    "may not read; other processes and world-readable files could be seen"
)


@contextmanager
def open_host(
    limits: Limits,
    sandbox: bool = True,
    address: Path | None = None,
    libraries: Sequence[str] = (),
) -> Iterator[Host]:
    """The quickest host that this machine allows, closed after the block.

    Args:
        limits: of each submission.
        sandbox: False gives a host without any protection.
        address: of a `SharedParent` with the same limits, in the place of a parent of its own.
        libraries: what a parent of its own imports, see `Libraries.answers`.

    Raises:
        InputError: no sandbox can be made here; says what to do.
    """
    if not sandbox:
        plain = Plain()
        plain.cell, plain.loading = limits.cell, limits.loading
        plain.together, plain.largest = limits.together, limits.output
        yield plain
        return
    with ExitStack() as stack:
        warm = Warm(limits, libraries) if address is None else Joined(address, limits)
        host = stack.enter_context(closing(warm))
        try:
            _try_out(host)
        except Refused:
            host = stack.enter_context(closing(Bubble(limits)))
            _try_out(host)
        yield host


def _try_out(host: Host) -> None:
    """Run nothing on a host; imports what is imported once."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "nothing.py"
        path.touch()
        running = host.start(path)
        running.kill()
        running.end()


@contextmanager
def open_host_in_container(
    limits: Limits, libraries: Sequence[str] = ()
) -> Iterator[tuple[Host, str]]:
    """The best host that a container of a platform allows, and in words how it isolates.

    Bubblewrap where it works; else, for root, a user of its own (`OtherUser`).

    Raises:
        InputError: neither is possible here; says why.
    """
    if problem() is None:
        with open_host(limits, libraries=libraries) as host:
            yield host, BUBBLEWRAP
        return
    with closing(OtherUser(limits)) as host:
        _try_out(host)
        yield host, OTHER_USER
