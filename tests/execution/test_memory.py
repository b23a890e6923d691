"""Activations that use the memory of those before them."""

import subprocess
import sys

import pytest

PASSES = """
import resource, sys, torch
from labkit.execution.memory import keep_freed_memory
if sys.argv[1] == "kept" and not keep_freed_memory():
    print("absent")
    raise SystemExit
def activations():
    return [torch.ones(1024, 1536) for _ in range(10)]
activations()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(5):
    activations()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="counts the page faults of Linux")
def test_passes_after_the_first_ask_the_system_for_no_memory() -> None:
    faults = {
        how: subprocess.run(
            [sys.executable, "-c", PASSES, how], capture_output=True, text=True, check=True
        ).stdout.strip()
        for how in ("kept", "given back")
    }
    if faults["kept"] == "absent":
        pytest.skip("another C library than GNU's")
    assert 4 * int(faults["kept"]) < int(faults["given back"])
