"""Processes that stay behind when the notebook has ended."""

# lost: nothing

import os
import time

for _ in range(4):
    if os.fork() == 0:
        os.setsid()
        time.sleep(3600)
