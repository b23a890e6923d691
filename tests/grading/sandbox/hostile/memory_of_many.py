"""Children that take less than the limit each and more than it together."""

# reason: GiB of memory
# lost: nothing

import os
import time

for _ in range(6):
    if os.fork() == 0:
        held = bytearray(b"x") * (700 * 2**20)
        time.sleep(60)
time.sleep(60)
