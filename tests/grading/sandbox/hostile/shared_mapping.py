"""Memory that is mapped to be shared with children, and so is in no process's own account."""

# reason: GiB of memory
# lost: nothing

import mmap
import time

held = mmap.mmap(-1, 3 * 2**30)  # shared is the default
block = b"x" * 2**20
for start in range(0, len(held), len(block)):
    held[start : start + len(block)] = block
time.sleep(1)
raise RuntimeError("BREACH: 3 GB in memory that nobody counts")
