"""The grader and the system through /proc."""

# lost: nothing

import os
from pathlib import Path

breaches = []
for path in Path("/proc").glob("[0-9]*"):
    try:
        line = (path / "cmdline").read_text(errors="replace")
    except OSError:
        continue
    if "pytest" in line:
        breaches.append(f"{path}: {line}")
    for name in ("mem", "environ", "root/proc/sys/kernel/core_pattern"):
        if path.name != Path("/proc/self").readlink().name:
            try:
                os.close(os.open(path / name, os.O_RDWR))
            except OSError:
                continue
            breaches.append(str(path / name))
for name in ("core_pattern", "hostname", "../vm/drop_caches", "../../sysrq-trigger"):
    try:
        os.close(os.open(Path("/proc/sys/kernel", name), os.O_WRONLY))
    except OSError:
        continue
    breaches.append(name)
if breaches:
    raise RuntimeError(f"BREACH: {breaches}")
