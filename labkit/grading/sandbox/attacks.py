"""Attack the sandbox, each time with a program that ends with a certain code where it succeeds."""

import os
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from labkit.grading.sandbox.bubblewrap import command, require
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.visible_packages import write_view
from labkit.grading.sandbox.watchdog import Guard

_ESCAPED = 42
_LIMITS = Limits(memory=2**29, processes=20, scratch=2**24, file=2**24)
_SECONDS = 60
_BEGIN = "import contextlib, os, socket, sys, time\nprint('began', flush=True)\n"

_PROGRAMS = {
    "write outside its folder": """
for folder in (HOME, sys.prefix, os.path.dirname(os.__file__), "/usr", "/"):
    with contextlib.suppress(OSError):
        open(os.path.join(folder, "labkit-attack"), "w").close()
        sys.exit(ESCAPED)
""",
    "read a file in your home": """
with contextlib.suppress(OSError):
    open(FILE).close()
    sys.exit(ESCAPED)
""",
    "connect to this machine": """
with contextlib.suppress(OSError):
    socket.create_connection(("127.0.0.1", PORT), 1).close()
    sys.exit(ESCAPED)
""",
    "signal the process that grades": """
with contextlib.suppress(OSError):
    os.kill(PID, 0)
    sys.exit(ESCAPED)
""",
    "start 1000 processes": """
for number in range(1000):
    if os.fork() == 0:
        time.sleep(60)
time.sleep(2)  # until they are counted
sys.exit(ESCAPED)
""",
    "take 8 GB of memory": """
held = bytearray(8 * 2**30)
sys.exit(ESCAPED)
""",
    "fill the disk": """
for number in range(100):
    with open(f"file{number}", "wb") as file:
        file.write(b"x" * 2**23)
sys.exit(ESCAPED)
""",
}


@dataclass(frozen=True)
class Attack:
    """What a program tried in the sandbox, and whether that was `held` off.

    A program that did not even start is not held off: then nothing is known.
    """

    tried: str
    held: bool


def attack() -> list[Attack]:
    """Try the sandbox of this machine; a few seconds.

    Raises:
        InputError: no sandbox can be made here (see `sandbox.require`).
    """
    require()
    with (
        tempfile.TemporaryDirectory() as folder,
        tempfile.NamedTemporaryFile(dir=_home(folder), prefix=".labkit-attack-") as file,
        socket.create_server(("127.0.0.1", 0)) as server,
    ):
        package = write_view(Path(folder, "view"))
        names = {
            "HOME": str(Path(file.name).parent),
            "FILE": file.name,
            "PORT": server.getsockname()[1],
            "PID": os.getpid(),
            "ESCAPED": _ESCAPED,
        }
        return [Attack(tried, _held(package, names, text)) for tried, text in _PROGRAMS.items()]


def _home(otherwise: str) -> str:
    """The user's home, or another folder where nothing can be written into it."""
    return str(Path.home()) if os.access(Path.home(), os.W_OK) else otherwise


def _held(package: Path, names: dict[str, object], program: str) -> bool:
    known = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    code = _BEGIN + known + program
    run = ["run", sys.executable, "-c", code]
    process = subprocess.Popen(
        command(package, _LIMITS, run, ["--remount-ro", "/proc"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={},
    )
    guard = Guard(process.pid, _LIMITS, own=2, seconds=_SECONDS)
    said, _ = process.communicate()
    guard.end()
    return said.startswith("began") and process.returncode != _ESCAPED
