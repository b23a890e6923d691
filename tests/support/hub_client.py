"""Run code as a user's process does: the hub's settings come from the environment, at import."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

# Whoever tries to leave the loopback ends the process: no test may depend on the outside.
GUARD = """
import os, sys, time
def _stay(event, arguments):
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else "127.0.0.1"
    elif event == "socket.getaddrinfo":
        host = arguments[0] or "127.0.0.1"
        host = host.decode() if isinstance(host, bytes) else host
    else:
        return
    if host not in ("127.0.0.1", "localhost", "::1"):
        sys.stderr.write(f"left the loopback for {host}")
        sys.stderr.flush()
        os._exit(97)
sys.addaudithook(_stay)
import json
def give(value):
    print("RESULT", json.dumps(value), flush=True)
"""

# Errors leave as a line, as the command line prints them, or as a traceback if they are not ours.
CATCH = """
from labkit.errors import LabkitError
try:
    exec(compile(CODE, "test", "exec"))
except LabkitError as error:
    print("ERROR", json.dumps(str(error)), flush=True)
"""


@dataclass
class Outcome:
    """What the process gave or which error it ended with, and how long it took in seconds."""

    value: object
    error: str | None
    seconds: float
    stderr: str


def start(code, home, url, popen=None, **env):
    """Start a client whose cache, settings and results lie in `home`."""
    settings = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("HF_", "TRANSFORMERS_"))},
        "HF_ENDPOINT": url,
        "HF_HOME": str(home / "hf"),
        "LABKIT_HOME": str(home / "labkit"),
        "HF_HUB_DISABLE_TELEMETRY": "1",
        "HF_UPDATE_DOWNLOAD_COUNTS": "0",
        "HF_HUB_DOWNLOAD_TIMEOUT": "1",
        "HF_HUB_ETAG_TIMEOUT": "2",
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        **env,
    }
    return subprocess.Popen(
        [sys.executable, "-c", f"{GUARD}\nCODE = {code!r}\n{CATCH}"],
        env=settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **(popen or {}),
    )


def finish(process, timeout=100):
    """Wait for a client and read what it gave."""
    began = time.monotonic()
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        process.kill()
    lines = [line.partition(" ") for line in out.splitlines()]
    found = {key: json.loads(text) for key, _, text in lines if key in ("RESULT", "ERROR")}
    assert process.returncode == 0, f"exit {process.returncode}\n{out}\n{err}"
    assert found, out
    return Outcome(found.get("RESULT"), found.get("ERROR"), time.monotonic() - began, err)


def run(code, home, url, popen=None, **env):
    """Run a client to its end; a traceback or a step off the loopback fails the test."""
    return finish(start(code, home, url, popen, **env))
