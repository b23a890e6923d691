"""More files than a disk has room for names."""

# lost: nothing

from pathlib import Path

try:
    for number in range(10**6):
        Path(f"file{number}").touch()
except OSError:
    pass
else:
    raise RuntimeError("BREACH: a million files")
