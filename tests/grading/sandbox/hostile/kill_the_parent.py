"""Signals to the parent, to all processes, to the group, its own among them: 0."""

# lost: nothing

import contextlib
import os
import signal

for number in (1, 2, 3, -1, os.getppid(), 0):
    for name in (signal.SIGTERM, signal.SIGKILL):
        if number != os.getpid():
            with contextlib.suppress(OSError):
                os.kill(number, name)
