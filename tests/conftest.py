"""What many tests start from: small models with random weights, a Dask cluster, the built book."""

import gc
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from datetime import date
from multiprocessing import forkserver

import pytest
import warm
from coursecopy import EXECUTED, build, copy_course
from filelock import FileLock
from places import ROOT

from labkit import own_process

HOME = ROOT
SITE = ("tests/book/browser/", "tests/book/test_pages_and_site.py")
"""Tests that wait for the built book: one core builds it while others go on."""

# What starts a process of labkit, or hires workers, gets forks: see `warm`.
own_process.command = warm.command
own_process.import_no_more_than_needed()
if warm.FORKS:
    os.environ[warm.WORKERS] = "forkserver"
    forkserver._forkserver.ensure_running = warm.lend_workers

# Whoever runs the tests in the background may have the interrupt ignored, and programs that they
# start would inherit that: those are interrupted on purpose.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_configure(config):
    """What all processes of a run share: the others get it from the one that starts them.

    The day, for tests that a quick run takes in turns, and a folder for what one makes for all.
    """
    os.environ.setdefault("VARIANTS_TURN", str(date.today().toordinal()))
    if not hasattr(config, "workerinput"):
        shared = tempfile.TemporaryDirectory(prefix="tests")
        os.environ["TESTS_SHARED"] = shared.name
        config.add_cleanup(shared.cleanup)
        processes = config.getoption("tx", None) or []
        if warm.FORKS and set(processes) == {"popen"}:
            config.option.tx = [f"popen//python={warm.python()}"] * len(processes)
    elif config.workerinput["workerid"] != "gw0" and hasattr(os, "nice"):
        os.nice(4)  # the first process builds the book, page after page: the others wait for it


def pytest_report_header():
    turn = os.environ["VARIANTS_TURN"]
    return f"of large families of cases a share is tried today (VARIANTS_TURN={turn})"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config):
    """More than cores: much of their time tests wait, for processes and deadlines."""
    return 3 * (os.cpu_count() or 1) // 2 or 2


def pytest_addoption(parser):
    parser.addoption(
        "--submission",
        metavar="PATH",
        help="check this notebook, .py file or folder of them instead of the reference solutions "
        "(with `pytest tests/labs`)",
    )


def _unit(nodeid):
    """What stays on one core: a file with all that its tests share, or all that need the site."""
    file = nodeid.partition("::")[0]
    return SITE[0] if file.startswith(SITE) else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """Units of work go to the cores in the order of the tests.

    `--dist loadgroup` would do this, but pytest-xdist 3.8 writes groups to `item._nodeid`, which
    pytest 9.2 does not read: each test went to any core, and shared fixtures were made twice.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Units(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return _unit(nodeid)

    return Units(config, log)


TOOK = "labkit/seconds"
"""Where pytest's cache keeps how long each test took when it last ran."""
_took = Counter()


def pytest_runtest_logreport(report):
    _took[report.nodeid] += report.duration


def pytest_sessionfinish(session):
    cache = getattr(session.config, "cache", None)  # pytest may run without its own
    if cache and not hasattr(session.config, "workerinput"):
        cache.set(TOOK, cache.get(TOOK, {}) | {id: round(s, 2) for id, s in _took.items()})


def _seconds(item, known):
    """What the test took when it last ran; else a guess that is good enough to sort by."""
    left_out = item.get_closest_marker("full") and "not full" in item.config.option.markexpr
    guess = 20 if item.get_closest_marker("slow") else 0.1
    return 0 if left_out else known.get(item.nodeid, guess)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """What takes longest comes first: at the end no core waits for it."""
    cache = getattr(config, "cache", None)
    known, seconds = cache.get(TOOK, {}) if cache else {}, Counter()
    for item in items:
        unit = _unit(item.nodeid)
        seconds[unit] += _seconds(item, known)
        uses_site = "site" in getattr(item, "fixturenames", ())
        assert not uses_site or unit == SITE[0], f"add {unit} to SITE"
    items.sort(key=lambda item: -seconds[_unit(item.nodeid)])


def _config(family):
    import transformers as t

    width = {"hidden_size": 32, "num_hidden_layers": 12, "num_attention_heads": 2}
    plain = {"intermediate_size": 64, "vocab_size": 300, "max_position_embeddings": 64}
    bart = {"encoder_layers": 2, "decoder_layers": 3, "d_model": 32, "vocab_size": 300}
    heads = {"encoder_attention_heads": 2, "decoder_attention_heads": 2}
    feed_forward = {"encoder_ffn_dim": 64, "decoder_ffn_dim": 64}
    ends = {"bos_token_id": 0, "eos_token_id": 2}
    return {
        "roberta": lambda: t.RobertaConfig(**width, **plain),
        "bert": lambda: t.BertConfig(**width, **plain),
        "distilbert": lambda: t.DistilBertConfig(
            dim=32, n_layers=3, n_heads=2, hidden_dim=64, vocab_size=300
        ),
        "gpt2": lambda: t.GPT2Config(
            n_embd=32, n_layer=3, n_head=2, vocab_size=300, n_positions=64, pad_token_id=0, **ends
        ),
        "opt": lambda: t.OPTConfig(
            hidden_size=32,
            num_hidden_layers=3,
            num_attention_heads=2,
            ffn_dim=64,
            vocab_size=300,
            word_embed_proj_dim=32,
            **ends,
        ),
        "pythia": lambda: t.GPTNeoXConfig(**width, **plain, **ends),
        "bart": lambda: t.BartConfig(**bart, **heads, **feed_forward, **ends),
        "t5": lambda: t.T5Config(
            d_model=32,
            d_kv=16,
            d_ff=64,
            num_layers=2,
            num_heads=2,
            vocab_size=300,
            decoder_start_token_id=0,
        ),
    }[family]()


@pytest.fixture
def full_disk():
    """`with full_disk():` no file grows beyond 20 kB, which stands in for a disk that is full."""
    resource = pytest.importorskip("resource", reason="needs limits of Unix")

    @contextmanager
    def limited():
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
            signal.signal(signal.SIGXFSZ, ignored)

    return limited


@pytest.fixture(scope="module", autouse=True)
def young_garbage():
    """Some checks collect garbage: they need not look through all that other tests have loaded."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def interrupts_as_before():
    """A command that ran in this process has Ctrl-C ignored at its end: later ones inherit that."""
    before = signal.getsignal(signal.SIGINT)
    yield
    if signal.getsignal(signal.SIGINT) is not before:
        signal.signal(signal.SIGINT, before)


@pytest.fixture
def tiny():
    """`tiny(family, seed=0)` → a small sequence classifier of that family, in evaluation mode."""

    def make(family, seed=0):
        import torch
        from transformers import AutoModelForSequenceClassification

        torch.manual_seed(seed)
        return AutoModelForSequenceClassification.from_config(_config(family)).eval()

    return make


@pytest.fixture
def start(tmp_path):
    """Starts `python -m distributed.cli.NAME ...`; ends what is left of them."""
    processes = []

    def run(name, *arguments):
        command = warm.command(f"distributed.cli.{name}", *arguments, "--no-dashboard")
        with (tmp_path / f"{name}.log").open("ab") as log:
            processes.append(subprocess.Popen(command, stdout=log, stderr=log, cwd=HOME))
        return processes[-1]

    run.processes = processes
    yield run
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def scheduler(start, tmp_path):
    """Address of a scheduler on the loopback."""
    file = tmp_path / "scheduler.json"
    start("dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file))
    deadline = time.monotonic() + 60
    # The scheduler makes the file before it writes it.
    while not (file.exists() and file.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.05)
    return json.loads(file.read_text())["address"]


@pytest.fixture(scope="session")
def site(tmp_path_factory, worker_id, pytestconfig):
    """The folder of the book, built once for all tests that look at it, in all test processes.

    The results of its pages outlive the run: the next one executes only what has changed.  A quick
    run builds a draft, whose pages score fewer examples, unless the repository has all results
    or TESTS_BOOK is "whole", as in CI.
    """
    shared = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        shared = shared.parent  # that of the whole run; each process has a folder below it
    folder = shared / "course"
    html = folder / "_build" / "html"
    with FileLock(shared / "course.lock"):
        if not folder.exists():
            folder.mkdir()
            cache = getattr(pytestconfig, "cache", None)  # pytest may run without its own
            kept = (cache.mkdir("book") if cache else shared) / "executed"
            copy_course(folder, kept)
            quick = "not full" in pytestconfig.option.markexpr
            quick = quick and os.environ.get("TESTS_BOOK") != "whole"
            draft = quick and not (folder / EXECUTED).exists()
            kept = kept.with_name("draft") if draft else kept
            if draft and kept.exists():
                shutil.copytree(kept, folder / EXECUTED)
            result = build(folder, *["--draft"] * draft)
            assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
            shutil.rmtree(kept, ignore_errors=True)
            shutil.copytree(folder / EXECUTED, kept)
    assert html.exists(), "the build failed in another test process: see there"
    return html
