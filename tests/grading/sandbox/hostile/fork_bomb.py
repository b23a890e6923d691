"""A fork bomb."""

# reason: started more than|GiB of memory
# lost: nothing

import os
import time

while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.1)
