import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time
from multiprocessing import forkserver

import dask
import distributed  # noqa: F401 - brings the settings that a test changes
import numpy as np
import pytest
import torch
import warm
from places import ROOT
from safetensors.torch import save_file

from labkit.cluster import connected
from labkit.errors import InputError, SourceError
from labkit.pruning.files import shards
from labkit.pruning.files.on_cluster import cluster
from labkit.pruning.files.prune_file import prune_files

HOME = str(ROOT)


@pytest.fixture
def checkpoint(tmp_path):
    """A file with many equal weights, in bfloat16 and fp32: 8 MB."""
    generator = np.random.default_rng(0)
    tensors = {}
    for number in range(8):
        values = torch.from_numpy(generator.standard_normal((400, 512), dtype=np.float32))
        dtype = torch.bfloat16 if number % 2 else torch.float32
        tensors[f"layers.{number}.weight"] = values.to(torch.bfloat16).to(dtype)
    save_file(tensors, tmp_path / "in.safetensors")
    return tmp_path / "in.safetensors"


@pytest.mark.parametrize("stage", ["select", "write"])
def test_a_killed_worker_changes_nothing(
    start, scheduler, checkpoint, stage, tmp_path, monkeypatch
):
    monkeypatch.setattr(shards, "RANGE", 1 << 15)  # 200 tasks a pass
    alone, out = tmp_path / "alone", tmp_path / "out"
    prune_files(checkpoint, alone, 0.7)
    options = ("--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
    workers = [start("dask_worker", scheduler, *options) for _ in range(2)]
    killed = []

    def report(what, done, total):
        if what == stage and done > total / 4 and not killed:
            killed.append(workers[0].pid)
            workers[0].send_signal(signal.SIGKILL)

    with cluster(scheduler) as run:
        from distributed import get_client

        get_client().wait_for_workers(2, timeout=60)
        done = prune_files(checkpoint, out, 0.7, run=run, report=report)
        assert len(get_client().nthreads()) == 1
    assert killed and workers[0].wait() == -signal.SIGKILL
    assert done.dropped == round(0.7 * done.total)
    assert out.read_bytes() == alone.read_bytes()


def test_workers_of_its_own(checkpoint, tmp_path):
    prune_files(checkpoint, tmp_path / "alone", 0.9)
    command = warm.command("labkit.cli", "prune", checkpoint, tmp_path / "out", "--workers", "2")
    done = subprocess.run(command, capture_output=True, text=True, cwd=HOME)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out").read_bytes() == (tmp_path / "alone").read_bytes()


@pytest.mark.skipif(not warm.FORKS, reason="needs fork")
def test_a_command_that_died_while_it_hired_leaves_the_next_its_workers():
    context = multiprocessing.get_context("forkserver")
    forkserver._forkserver.ensure_running()
    with socket.socket(socket.AF_UNIX) as hiring:
        hiring.connect(forkserver._forkserver._forkserver_address)
    process = context.Process(target=time.sleep, args=(0,))
    process.start()
    process.join(60)
    assert process.exitcode == 0


def test_ctrl_c_on_the_terminal_ends_in_one_line(tmp_path):
    block = torch.from_numpy(np.random.default_rng(0).standard_normal((4096, 4096), np.float32))
    save_file({f"a.{i}.w": block.clone() for i in range(6)}, tmp_path / "in")  # 400 MB
    command = [sys.executable, "-m", "labkit.cli", "prune", "in", "out", "--workers", "1"]
    for _ in range(3):
        process = subprocess.Popen(
            command,
            cwd=tmp_path,
            env=warm.environment(),
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        deadline = time.monotonic() + 120
        while not list(tmp_path.glob(".*.partial*")) and time.monotonic() < deadline:
            time.sleep(0.001)
        os.killpg(process.pid, signal.SIGINT)  # a terminal tells the workers too
        _, errors = process.communicate(timeout=60)
        if process.returncode != 0:
            break
        (tmp_path / "out").unlink()  # on a busy machine it may have been ready before
    assert process.returncode == 130
    assert errors == "stopped. out was not written.\n"
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_no_worker_of_its_own_is_ended_for_its_memory():
    with connected(workers=1) as client:
        (worker,) = client.scheduler_info()["workers"].values()
        assert not worker["memory_limit"]


def test_a_worker_of_its_own_that_is_killed_is_replaced():
    # Dask may give one up before the next has started: here at once, else after two kills in 15 s.
    with (
        dask.config.set({"distributed.deploy.lost-worker-timeout": "1ms"}),
        connected(workers=1) as client,
    ):
        (process,) = client.run(os.getpid).values()
        os.kill(process, signal.SIGKILL)
        assert client.submit(sum, [1, 2]).result(timeout=60) == 3


def test_errors_of_a_task_come_back(start, scheduler, checkpoint, tmp_path):
    start("dask_worker", scheduler, "--nthreads", "1", "--no-nanny", "--host", "127.0.0.1")
    save_file({"a.0.w": torch.full((9, 9), float("nan"))}, tmp_path / "nan.safetensors")
    with cluster(scheduler) as run:
        with pytest.raises(InputError, match=r"a\.0\.w in .*nan\.safetensors"):
            prune_files(tmp_path / "nan.safetensors", tmp_path / "out", 0.5, run=run)
        gone = shards.Range(tmp_path / "gone", 0, 8, "w", "F32")
        with pytest.raises(SourceError, match=r"gone.*same path"):
            list(run(shards.count, [(gone, "F32", [])]))
    assert not (tmp_path / "out").exists()


def test_no_cluster_or_two_are_refused(monkeypatch):
    monkeypatch.setattr("labkit.cluster._PATIENCE", 1)
    nobody = r"no cluster at tcp://127\.0\.0\.1:9.*dask scheduler"
    with pytest.raises(SourceError, match=nobody), cluster("tcp://127.0.0.1:9"):
        pass
    for arguments in ((None, None), ("tcp://127.0.0.1:9", 2), (None, 0)):
        with pytest.raises(InputError, match="--workers"), cluster(*arguments):
            pass


def test_hired_workers_do_not_watch_their_own_stacks():
    with connected(workers=1) as client:
        watching = client.run(lambda dask_worker: "profile" in dask_worker.periodic_callbacks)
    assert list(watching.values()) == [False]
