"""One parent for all who grade: each gets its own answers, and what one loses costs no other."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing

import psutil
import pytest
from places import ROOT
from sandboxed import needs_sandbox

from labkit.checks import REGISTRY
from labkit.checks.process.submission import Submission
from labkit.errors import SourceError
from labkit.grading.running.hosts import open_host
from labkit.grading.sandbox import bubblewrap
from labkit.grading.sandbox.bubblewrap import Bubble
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.shared_parent import Joined, SharedParent

pytestmark = [needs_sandbox, pytest.mark.slow]

ENTROPY = REGISTRY["size.entropy"]
RIGHT = """
import math

def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = kept / n
    return -n * (p * math.log2(p) + (1 - p) * math.log2(1 - p))
"""
LIMITS = Limits()


@pytest.fixture(scope="module")
def parent():
    with closing(SharedParent(LIMITS)) as shared:
        yield shared


@pytest.fixture
def host(parent):
    with closing(Joined(parent.address, LIMITS)) as joined:
        yield joined


def written(folder, code, name="answer.py"):
    path = folder / name
    path.write_text(code)
    return path


def score(path, host):
    with Submission(path, host=host) as submission:
        return submission.grade(ENTROPY, seed=5).score


def forks_of(parent):
    """The processes that wait for a submission each, and those of submissions."""
    first = psutil.Process(parent._parent.pid)  # then bubblewrap's own, and the parent itself
    return first.children()[0].children()[0].children(recursive=True)


def gone(processes):
    return not psutil.wait_procs(processes, timeout=20)[1]


def test_two_at_once_get_their_own_answers(parent, tmp_path):
    answers = [written(tmp_path, RIGHT, "right.py")]
    answers.append(written(tmp_path, RIGHT.replace("return -n", "return -2 * n"), "wrong.py"))
    found = {0: [], 1: []}

    def grade(number):
        with closing(Joined(parent.address, LIMITS)) as host:
            found[number] += [score(answers[number], host) for _ in range(4)]

    threads = [threading.Thread(target=grade, args=(number,)) for number in found]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] == [1] * 4
    assert len(found[1]) == 4 and max(found[1]) < 1


def test_only_this_user_reaches_it(parent):
    assert parent.address.parent.stat().st_mode & 0o77 == 0
    assert parent.address.parent.stat().st_uid == os.getuid()


DOOR = """
import socket
connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
connection.settimeout(20)
connection.connect("/door/parent")
if connection.recv(200):
    raise RuntimeError("BREACH")
raise RuntimeError("turned away")
"""


def test_what_runs_inside_is_turned_away_where_it_finds_the_socket(monkeypatch, tmp_path):
    usual = bubblewrap.command

    def with_a_door(package, limits, arguments, extra=(), stubs=None):
        extra = [*extra, "--bind", str(package.parent), "/door"]
        return usual(package, limits, arguments, extra, stubs)

    monkeypatch.setattr("labkit.grading.sandbox.fork_server.command", with_a_door)
    with closing(SharedParent(LIMITS)) as shared, closing(Joined(shared.address, LIMITS)) as host:
        path = written(tmp_path, f"{RIGHT}\n# %%\n{DOOR}")
        with Submission(path, host=host) as submission:
            assert submission.grade(ENTROPY, seed=5).score == 1
            assert submission.errors == [(2, "RuntimeError: turned away")]


SLEEPS = "import os, time\npid = os.fork()\ntime.sleep(600)\n"


def test_what_a_killed_worker_ran_ends_and_others_go_on(parent, host, tmp_path):
    right, sleeps = written(tmp_path, RIGHT), written(tmp_path, SLEEPS, "sleeps.py")
    assert score(right, host) == 1
    code = (
        "import sys; from pathlib import Path; from labkit.grading.sandbox.limits import Limits\n"
        "from labkit.grading.sandbox.shared_parent import Joined\n"
        "from labkit.checks import REGISTRY\n"
        "from labkit.checks.process.submission import Submission\n"
        "host = Joined(Path(sys.argv[1]), Limits())\n"
        "Submission(Path(sys.argv[2]), host=host).grade(REGISTRY[sys.argv[3]], 5)\n"
    )
    words = [sys.executable, "-c", code, str(parent.address), str(sleeps), ENTROPY.id]
    sleeps.write_text(f"def {ENTROPY.function}(*_):\n    pass\n{SLEEPS}")
    worker = subprocess.Popen(words, env={**os.environ, "PYTHONPATH": str(ROOT)})
    try:
        # The one that waits, the submission, and its child.
        while len(forks := forks_of(parent)) < 3:
            assert worker.poll() is None
            time.sleep(0.05)
        with Submission(right, host=host) as other:
            assert other.grade(ENTROPY, seed=5).score == 1
            worker.kill()
            assert gone(forks)
            assert other.grade(ENTROPY, seed=6).score == 1
    finally:
        worker.kill()
        worker.wait()


def test_a_parent_that_is_killed_costs_no_submission_its_points(parent, host, tmp_path):
    right = written(tmp_path, RIGHT)
    with Submission(right, host=host) as submission:
        assert submission.grade(ENTROPY, seed=5).score == 1
        forks = forks_of(parent)
        psutil.Process(parent._parent.pid).children()[0].children()[0].kill()
        assert gone(forks)
        with pytest.raises(SourceError, match="sandbox ended while a submission ran"):
            submission.grade(ENTROPY, seed=6)
    assert score(right, host) == 1


KEEPER = """
import time
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.shared_parent import Joined, SharedParent
from pathlib import Path
import sys
shared = SharedParent(Limits())
running = Joined(shared.address, Limits()).start(Path(sys.argv[1]))
print(shared._parent.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_with_the_process_that_keeps_it(tmp_path):
    path = written(tmp_path, RIGHT)
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    try:
        first = psutil.Process(int(keeper.stdout.readline()))
        family = [first, *first.children(recursive=True)]
        assert len(family) == 5  # bubblewrap twice, the parent, who waits, and the submission
    finally:
        keeper.send_signal(signal.SIGKILL)
        keeper.wait()
        keeper.stdout.close()
    assert gone(family)


def test_a_parent_that_cannot_start_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr("labkit.grading.sandbox.fork_server.command", lambda *_, **__: ["false"])
    with closing(SharedParent(LIMITS)) as shared, closing(Joined(shared.address, LIMITS)) as host:
        with pytest.raises(SourceError, match="ended twice"):
            host.start(written(tmp_path, RIGHT))
        assert not shared.address.exists()


def test_where_it_is_refused_each_gets_a_bubble(monkeypatch, tmp_path):
    plain = bubblewrap._namespaces()
    monkeypatch.setattr(bubblewrap, "_namespaces", lambda: [*plain, "--disable-userns"])
    with (
        closing(SharedParent(LIMITS)) as shared,
        open_host(LIMITS, address=shared.address) as host,
    ):
        assert isinstance(host, Bubble)
        assert score(written(tmp_path, RIGHT), host) == 1


def test_a_connection_that_breaks_off_harms_no_other(parent, host, tmp_path):
    for said in (b"", b"no request"):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as other:
            other.connect(str(parent.address))
            if said:
                assert other.recv(200) == b"ready"
                other.send(b"")
    assert score(written(tmp_path, RIGHT), host) == 1
