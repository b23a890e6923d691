"""Files in every folder that is not the submission's own."""

# lost: nothing

import os
import sys
from pathlib import Path

breaches = []
places = ["/", "/usr", "/usr/lib", "/dev", "/course", "/course/labkit", "/proc", "/etc", "/root"]
places += [OUTSIDE, sys.prefix, sys.base_prefix, Path(os.__file__).parent]
for place in places:
    try:
        Path(place, "written-by-a-submission").write_text("x")
    except OSError:
        continue
    breaches.append(str(place))
if breaches:
    raise RuntimeError(f"BREACH: {breaches}")
