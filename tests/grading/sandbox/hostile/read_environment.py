"""Secrets in the environment, this one and those of other processes."""

# lost: nothing

import os
from pathlib import Path

texts = ["".join(f"{name}={value}" for name, value in os.environ.items())]
for path in Path("/proc").glob("[0-9]*/environ"):
    try:
        texts.append(path.read_text(errors="replace"))
    except OSError:
        pass
if any(SECRET in text or "LABKIT_GRADING_SEED" in text for text in texts):
    raise RuntimeError("BREACH: a secret stands in an environment")
