"""New namespaces, to take mounts away or make them writable."""

# lost: nothing

import contextlib
import ctypes
import os
from pathlib import Path

libc = ctypes.CDLL(None, use_errno=True)
user = os.getuid()
new = libc.unshare(0x10000000 | 0x20000)
with contextlib.suppress(OSError):
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"0 {user} 1")
for place in (b"/", b"/usr", b"/course", b"/proc", b"/dev"):
    libc.umount2(place, 2)
    libc.mount(b"none", place, b"", 32 | 4096, b"")
    with contextlib.suppress(OSError):
        Path(place.decode(), "written").write_text("x")
        raise RuntimeError(f"BREACH: {place} is writable")
with contextlib.suppress(OSError):
    os.close(os.open("/proc/sys/kernel/core_pattern", os.O_WRONLY))
    raise RuntimeError("BREACH: the system's settings are writable")
