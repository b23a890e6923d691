"""Files that someone left open."""

# lost: nothing

import os

for number in range(3, 256):
    try:
        os.lseek(number, 0, 0)
        content = os.read(number, 2**20)
    except OSError:
        continue
    if content and SECRET.encode() in content:
        raise RuntimeError(f"BREACH: {number}")
