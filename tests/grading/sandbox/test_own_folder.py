"""What a killed process leaves in the temporary folder is gone at the next start, and no more."""

import os
import subprocess
import sys
import tempfile

import pytest

pytest.importorskip("fcntl")

from labkit.grading.sandbox.own_folder import OwnFolder

KILLED = """
import os, signal
from labkit.grading.sandbox.own_folder import OwnFolder
folder = OwnFolder("view-")
(folder.path / "a").mkdir()
(folder.path / "a" / "b").write_text("x")
print(folder.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_folders_of_the_dead_are_cleared_and_of_the_living_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    run = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True)
    (dead,) = tmp_path.iterdir()
    assert run.stdout.decode().strip() == str(dead)
    (tmp_path / "view-new").mkdir()  # somebody is about to mark it
    (tmp_path / "view-old").mkdir()
    os.utime(tmp_path / "view-old", (0, 0))
    (tmp_path / "views").mkdir()
    (tmp_path / "view-link").symlink_to(tmp_path / "views")
    first = OwnFolder("view-")
    second = OwnFolder("view-")
    kept = {first.path, second.path, *(tmp_path / n for n in ("view-new", "views", "view-link"))}
    assert set(tmp_path.iterdir()) == kept
    first.cleanup()
    second.cleanup()
    assert not first.path.exists() and not second.path.exists()
