"""Environments of their own for packages that never become a dependency of the course."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

from labkit.models import sources


def interpreter(*packages: str, dependencies: bool = True, python: str | None = None) -> str:
    """The Python of an environment that has `packages`, and everything of this one.

    It is made once and kept under `sources.home()`.  Without `dependencies` only the packages
    themselves are installed.  With `python`, a version like "3.11", it is an environment of that
    version with the packages alone, and nothing of this one.

    Raises:
        OSError, subprocess.SubprocessError: the packages cannot be installed, or there is no such
            Python on this machine.
    """
    folder = _folder(packages)
    inside = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    done = folder / "done"
    if not done.exists():
        subprocess.run([_python(python), "-m", "venv", "--clear", folder], check=True)
        alone = [] if dependencies else ["--no-deps"]
        install = [inside, "-m", "pip", "install", "--quiet", *alone, *packages]
        subprocess.run(install, check=True, stdout=subprocess.DEVNULL, timeout=600)
        done.touch()
    if python is None:  # each time: the environment of the last one who asked may be gone
        site = next(folder.glob("[Ll]ib/python*/site-packages"), folder / "Lib" / "site-packages")
        (site / "peer.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    return str(inside)


def _folder(packages: tuple[str, ...]) -> Path:
    name = "-".join(packages).replace("==", "-").replace("<", "-below-")
    return sources.home() / "benchmarks" / name


def _python(version: str | None) -> str:
    if version is None or sysconfig.get_python_version() == version:
        return sys.executable
    found = shutil.which(f"python{version}")
    if not found:
        raise OSError(f"it needs Python {version}, which is not on this machine")
    return found
