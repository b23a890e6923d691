"""Solutions, gradebook and other submissions, by path and by search."""

# lost: nothing

import os
from pathlib import Path

wanted = [
    Path(OUTSIDE),
    Path(OUTSIDE, "gradebook.db"),
    Path("../solutions"),
    Path("../gradebook.db"),
]
wanted += [Path("../submitted"), Path("/etc/passwd"), Path("/etc/shadow"), Path("/root/.ssh")]
found = [str(path) for path in wanted if path.exists()]
for place in ("/", Path.cwd()):
    for folder, names, files in os.walk(place):
        if folder in ("/proc", "/usr", "/sys") or "site-packages" in folder:
            names[:] = []
            continue
        for name in files:
            path = Path(folder, name)
            if path.suffix in (".db", ".ipynb") and path.stem != "submission":
                found.append(str(path))
            try:
                if path.suffix != ".pyc" and SECRET.encode() in path.read_bytes():
                    found += [str(path)] * (path.stem != "submission")
            except OSError:
                pass
if found:
    raise RuntimeError(f"BREACH: {found[:5]}")
