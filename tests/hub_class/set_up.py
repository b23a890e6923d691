"""Put JupyterHub and its proxy into `.hub/`, for the tests beside this file: `make hub-class`.

It is an environment of its own, so that neither becomes a dependency of the course.  It sees the
packages of the Python that runs this, so that users of the hub have the course, nbgrader and
JupyterLab.  The proxy is a program for Node.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

JUPYTERHUB = "jupyterhub==6.1.1"
PROXY = "configurable-http-proxy@5.3.0"

HUB = Path(__file__).resolve().parents[2] / ".hub"
PYTHON = HUB / "bin" / "python"
PROXY_PROGRAM = HUB / "node_modules" / ".bin" / "configurable-http-proxy"
_DONE = HUB / "done"
_WANTED = f"{JUPYTERHUB}\n{PROXY}\n{sys.prefix}\n"


def ready() -> bool:
    """Whether all is there, for this very Python."""
    return _DONE.is_file() and _DONE.read_text() == _WANTED


def _set_up() -> None:
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        sys.exit("node and npm are needed for the hub's proxy: apt install nodejs npm")
    print(f"setting up {HUB}, once")
    subprocess.run([sys.executable, "-m", "venv", "--clear", HUB], check=True)
    (packages,) = HUB.glob("lib/python*/site-packages")
    (packages / "course.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, JUPYTERHUB], check=True, timeout=600)
    quietly = ["--no-fund", "--no-audit", "--loglevel=error"]
    subprocess.run([npm, "install", *quietly, "--prefix", HUB, PROXY], check=True, timeout=600)
    _DONE.write_text(_WANTED)


if __name__ == "__main__" and not ready():
    _set_up()
