"""A file of 10 GB, wherever one can be written."""

# lost: nothing

from pathlib import Path

for place in (".", "/tmp", "/dev/shm", "/dev", "/", "/course"):
    written, number = 0, 0
    try:
        while written < 2**30:
            with (Path(place) / f"large{number}").open("wb") as file:
                number += 1
                for _ in range(64):
                    written += file.write(b"x" * 2**20)
    except OSError:
        continue
    raise RuntimeError(f"BREACH: 1 GB in {place}")
