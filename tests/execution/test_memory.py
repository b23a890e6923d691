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
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    activations()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
# A system that is short of memory takes pages away, and glibc learns to keep some.
few = min if sys.argv[1] == "kept" else max
print(few(faults() for _ in range(5)))
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


PIECES = """
import torch
from labkit.execution.memory import give_back_freed_memory
def resident():
    return 4096 * int(open("/proc/self/statm").read().split()[1])
# Pieces too small for pages of their own, every second of which stays.
pieces = [torch.ones(5000) for _ in range(8000)]
del pieces[::2]
before = resident()
print(give_back_freed_memory(), before - resident())
assert all(piece.sum() == 5000 for piece in pieces)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the resident memory of Linux")
def test_memory_that_is_free_between_what_stays_goes_back() -> None:
    run = subprocess.run([sys.executable, "-c", PIECES], capture_output=True, text=True, check=True)
    given, fell = run.stdout.split()
    if given == "False":
        pytest.skip("another C library than GNU's")
    assert int(fell) > 40e6  # of 80 MB in 20 KB pieces, the pages that they share with others stay
