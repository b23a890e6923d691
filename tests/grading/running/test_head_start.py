"""Workers of this machine are forked from a process that has imported what they need."""

import json
import os
import subprocess
import sys

import pytest
from places import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux bears such a fork"),
]

# In a process of its own: those of the tests lend workers theirs.
STARTED = """
import json, multiprocessing, psutil, sys
from concurrent.futures import ProcessPoolExecutor
from labkit.grading.running.head_start import head_start
from labkit.grading.sandbox.limits import Limits

LIBRARIES = "sorted({'torch', 'transformers'} & set(__import__('sys').modules))"
ASKED = f"[__import__('os').getppid(), {LIBRARIES}, "
ASKED += "__import__('random').random()]"

if __name__ == "__main__":
    before, found = multiprocessing.get_start_method(allow_none=True), []
    with head_start(sys.argv[1], Limits(), sandbox=False) as begun:
        for _ in range(2):
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context()) as pool:
                found.append(pool.submit(eval, ASKED).result())
        parent = psutil.Process(found[0][0])
        threads = parent.num_threads()
    print(json.dumps({
        "found": found,
        "threads": threads,
        "address": begun.address,
        "before": before,
        "after": multiprocessing.get_start_method(allow_none=True),
        "left": parent.is_running(),
    }))
"""


@pytest.mark.parametrize(
    ("lab", "libraries"),
    [
        ("pruning", ["torch", "transformers"]),
        ("language", ["torch"]),
        ("such a lab there is not", ["torch"]),
    ],
)
def test_workers_are_forked_from_a_process_with_one_thread(tmp_path, lab, libraries):
    program = tmp_path / "started.py"
    program.write_text(STARTED)
    done = subprocess.run(
        [sys.executable, str(program), lab],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    (first, loaded, number), (second, also_loaded, other) = said["found"]
    assert first == second and loaded == also_loaded == libraries
    assert number != other
    # A lock that another thread held would stay locked in each fork.
    assert said["threads"] == 1
    assert said["before"] == said["after"] and said["address"] is None and not said["left"]
