"""Environments of their own for packages that never become a dependency of the course."""

from __future__ import annotations

import subprocess
import sys
import sysconfig

from labkit.models import sources


def interpreter(*packages: str, dependencies: bool = True) -> str:
    """The Python of an environment that has `packages`, and everything of this one.

    It is made once.  Without `dependencies` only the packages themselves are installed.

    Raises:
        OSError, subprocess.SubprocessError: the packages cannot be installed.
    """
    folder = sources.home() / "benchmarks" / "-".join(packages).replace("==", "-")
    python = folder / "bin" / "python"
    done = folder / "done"
    if not done.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        site = next(folder.glob("lib/python*/site-packages"))
        (site / "peer.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        alone = [] if dependencies else ["--no-deps"]
        install = [python, "-m", "pip", "install", "--quiet", *alone, *packages]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL, timeout=300)
        done.touch()
    return str(python)
