"""A container as Gradescope lays it out, made by bubblewrap: its own root, root's rights, no more.

`/autograder/source` holds the autograder, `/autograder/submission` what was handed in, and
`/autograder/results` what it earned ("Autograder Specifications" and "Code Autograder Best
Practices", gradescope-autograders.readthedocs.io).
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

ENVIRONMENT = "/opt/llm-sparsity-lab"
# What Docker leaves to root ("Runtime privilege and Linux capabilities", docs.docker.com).
_CAPABILITIES = (
    *("CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID"),
    *("SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"),
)


def command(
    folders: Mapping[Path, str],
    words: list[str],
    *,
    bubblewrap: bool,
    read_only: Mapping[Path, str] | None = None,
) -> list[str]:
    """The command line that runs `words` as root in a container with these writable folders.

    Python's environment lies at `ENVIRONMENT`, readable by all; so do the files and folders that
    are `read_only`.  Without `bubblewrap` none can
    be made inside, as in a Docker container: /proc is in part hidden, so that no other is allowed.
    """
    run = [shutil.which("bwrap") or "bwrap", "--die-with-parent", "--unshare-net", "--unshare-ipc"]
    run += ["--ro-bind", "/usr", "/usr", "--ro-bind", "/etc", "/etc"]
    for name in ("bin", "sbin", "lib", "lib32", "lib64"):
        place = Path("/", name)
        if place.is_symlink():
            run += ["--symlink", str(place.readlink()), str(place)]
        elif place.is_dir():
            run += ["--ro-bind", str(place), str(place)]
    places = {sys.prefix: ENVIRONMENT}
    if not Path(sys.base_prefix).is_relative_to("/usr"):
        places[sys.base_prefix] = sys.base_prefix
    more = (*folders.values(), *(read_only or {}).values())
    inside = [Path(place) for place in (*places.values(), *more, "/root/-")]
    run += ["--perms", "1777", "--tmpfs", "/tmp"]  # first: what is bound may lie in it
    for parent in sorted({parent for place in inside for parent in place.parents}):
        run += ["--perms", "0755", "--dir", str(parent)]  # root's alone, if it is left to bwrap
    for there, place in places.items():
        run += ["--ro-bind", there, place]
    if bubblewrap:  # within it one more is possible where /proc is whole
        run += ["--bind", "/proc", "/proc"]
    else:
        run += ["--unshare-pid", "--proc", "/proc"]
    run += ["--dev", "/dev", "--perms", "1777", "--tmpfs", "/dev/shm"]
    for folder, place in folders.items():
        run += ["--bind", str(folder), place]
    for there, place in (read_only or {}).items():
        run += ["--ro-bind", str(there), place]
    run += ["--cap-drop", "ALL"]
    for name in _CAPABILITIES if os.geteuid() == 0 else ():
        run += ["--cap-add", f"CAP_{name}"]
    return [*run, "--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--", *words]
