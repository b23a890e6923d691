"""Memory that belongs to files without a name, and is in no process's account."""

# reason: GiB of memory
# lost: nothing

import contextlib
import os
import time

written, files = 0, []
with contextlib.suppress(OSError):
    while written < 3 * 2**30:
        files.append(os.memfd_create("x"))
        for _ in range(31):
            written += os.write(files[-1], b"x" * 2**20)
time.sleep(1)
if written >= 2**31:
    raise RuntimeError("BREACH: 3 GB in memory that nobody counts")
