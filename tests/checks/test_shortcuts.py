"""What an exercise does not allow is noticed, wherever and under whatever name it is called."""

import _thread
import contextlib
import os
import pickle
import subprocess
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from turns import in_turn

from labkit import checks
from labkit.checks import REGISTRY
from labkit.checks.engine import mask_cases
from labkit.checks.engine.trial import Failure, Trial
from labkit.checks.process.submission import Submission
from labkit.pruning.masks import check_sparsity as some_name

ID = "pruning.magnitude_mask"


def right(weight, sparsity):
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    order = weight.abs().flatten().argsort(stable=True)
    mask[order[: round(sparsity * weight.numel())]] = False
    return mask.reshape(weight.shape)


def _encoded(module, tokenizer, pairs, length):
    from labkit.models.sources import MODEL_NAMES

    words = tokenizer.get_vocab()
    name = next(name for name in MODEL_NAMES if module._tokenizer(name).get_vocab() == words)
    return module._right(name, pairs, length)


# How a student would find the answer in the module of the check: module and arguments to answer.
REFERENCES = {
    "weights.prunable": lambda m, *a: m._collect(*a),
    "weights.share_below": lambda m, *a: m._share(*a),
    "weights.histogram": lambda m, *a: m._histogram(*a),
    "weights.bands": lambda m, *a: m._bands(*a),
    "weights.kurtosis": lambda m, *a: m._kurtosis(*a),
    "pruning.magnitude_mask": lambda m, w, s: mask_cases.right({"": w}, s)[""],
    "pruning.global_threshold": lambda m, *a: mask_cases.right(*a),
    "pruning.apply": lambda m, *a: m._right(*a),
    "pruning.achieved": lambda m, *a: m._achieved(*a),
    "pruning.sweep": lambda m, *a: m._right(*a),
    "pruning.cubic": lambda m, *a: m._scheduled(*a),
    "pruning.layerwise": lambda m, *a: m._right(*a),
    "mrpc.collate": lambda m, *a: m._batch(*a),
    "mrpc.encode": _encoded,
    "mrpc.scores": lambda m, *a: (m._accuracy(*a), m._f1(*a)),
    "mrpc.evaluate": lambda m, *a: m.means(*a),
    "mrpc.collapse": lambda m, *a: m.baseline(*a),
    "mrpc.bootstrap": lambda m, *a: m._interval(*a),
    "mrpc.paired": lambda m, *a: m.compare(*a),
    "mrpc.given_up": lambda m, *a: m.reading(*a),
    "size.bytes": lambda m, *a: m._counts(m._saved(*a)),
    "size.csr": lambda m, *a: m._csr(*a),
    "size.bitmask": lambda m, *a: m.packed_form(*a),
    "size.unpack": lambda m, *a: m._placed(*a),
    "size.entropy": lambda m, *a: m._bits(*a),
    "size.break_even_sparsity": lambda m, *a: m._break_even(*a),
    "size.timing": lambda m, *a: m._measured()(*a),
    "size.csr_linear": lambda m, *a: m._linear(*a),
    "size.break_even": lambda m, *a: m._break_even(*a),
    "challenges.two_four": lambda m, *a: m._right(*a),
    "challenges.wanda": lambda m, *a: m.right(*a),
    "challenges.sensitivity": lambda m, *a: m._drops(*a),
    "challenges.masked_step": lambda m, *a: m._right(*a),
    "language.loss": lambda m, *a: m.token_loss(*a),
    "language.windows": lambda m, *a: m.windows(*a),
    "language.scores": lambda m, *a: m.text_scores(*a),
    "language.interval": lambda m, *a: m.block_interval(*a),
    "language.repetition": lambda m, *a: m._share(*a),
    "language.paired": lambda m, *a: m.paired_test(*a),
    "criteria.scores": lambda m, *a: m._right(*a),
    "criteria.nm": lambda m, *a: m._right(*a),
    "criteria.hessian": lambda m, *a: m._right(*a),
    "criteria.obs": lambda m, *a: m.right(*a),
    "criteria.sparsegpt": lambda m, *a: m.right(*a),
    "criteria.allocate": lambda m, *a: m.right(*a),
}


class Blind:
    """A watch that sees nothing."""

    seen = None

    def __init__(self, forbidden):
        pass

    def __call__(self, frame, event, argument):
        pass


@pytest.mark.parametrize("id", in_turn(REGISTRY))
def test_the_answer_of_the_check_itself_earns_nothing(id, monkeypatch):
    module = sys.modules[REGISTRY[id].cases.__module__]

    def borrowed(*arguments):
        return REFERENCES[id](module, *arguments)

    result = checks.grade(id, borrowed, seed=7)
    assert result.score == 0.0
    assert all("earns no points" in verdict.message for verdict in result.verdicts)
    # It is the answer: who does not look gives points for it.
    monkeypatch.setattr("labkit.checks.engine.trial.Watch", Blind)
    assert checks.grade(id, borrowed, seed=7).score > 0.5


def _by_method(weight, sparsity):
    import torch.nn.utils.prune as p

    return p.L1Unstructured(float(sparsity)).compute_mask(weight, torch.ones_like(weight)).bool()


def _by_labkit(weight, sparsity):
    return right(weight, some_name(sparsity))


def _by_copy(weight, sparsity):
    from labkit.checks.engine.mask_cases import drop_lowest

    copy = types.FunctionType(drop_lowest.__code__, drop_lowest.__globals__)
    keep = copy(weight.abs().flatten(), round(sparsity * weight.numel()))
    return keep.reshape(weight.shape)


def _hidden_behind_except(weight, sparsity):
    with contextlib.suppress(BaseException):
        _by_method(weight, sparsity)
    return right(weight, sparsity)


def _in_a_thread(weight, sparsity):
    found = []
    thread = threading.Thread(target=lambda: found.append(_by_labkit(weight, sparsity)))
    thread.start()
    thread.join()
    return found[0]


def _in_a_pool(weight, sparsity):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(_by_method, weight, sparsity).result()


def _with_the_watch_off(weight, sparsity):
    watch = sys.getprofile()
    getattr(sys, "set" + "profile")(None)
    answer = _by_labkit(weight, sparsity)
    sys.setprofile(watch)
    return answer


def _with_the_watch_of_threads_off(weight, sparsity):
    threading.setprofile(None)
    return _in_a_thread(weight, sparsity)


def _in_a_bare_thread(weight, sparsity):
    found, end = [], threading.Event()
    _thread.start_new_thread(lambda: (found.append(_by_labkit(weight, sparsity)), end.set()), ())
    end.wait()
    return found[0]


def _in_a_process(weight, sparsity):
    read, write = os.pipe()
    if os.fork() == 0:
        os.write(write, pickle.dumps(_by_labkit(weight, sparsity).numpy()))
        os._exit(0)
    os.wait()
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        return torch.from_numpy(pickle.load(pipe))


def _in_another_program(weight, sparsity):
    subprocess.run([sys.executable, "-c", "pass"], check=True)
    return right(weight, sparsity)


@pytest.mark.parametrize(
    "function",
    [
        _by_method,
        _by_labkit,
        _by_copy,
        _hidden_behind_except,
        _in_a_thread,
        _in_a_pool,
        _with_the_watch_off,
        _with_the_watch_of_threads_off,
        _in_a_bare_thread,
        _in_a_process,
        _in_another_program,
    ],
)
def test_a_forbidden_call_is_noticed_under_any_name(function):
    result = checks.grade(ID, function, seed=7)
    assert result.score == 0.0
    assert all("earns no points" in verdict.message for verdict in result.verdicts)


def test_threads_of_others_are_not_watched_afterwards():
    def ours(frame, event, argument):
        pass

    threading.setprofile(ours)
    try:
        checks.grade(ID, right, seed=7)
        assert threading.getprofile() is ours
    finally:
        threading.setprofile(None)


@pytest.mark.parametrize(
    "call", ["f(sparsity)", "ThreadPoolExecutor(1).submit(f, sparsity).result()"]
)
def test_labkit_and_threads_are_noticed_from_outside(tmp_path, call):
    path = tmp_path / "submission.py"
    path.write_text(f"""
from concurrent.futures import ThreadPoolExecutor
from labkit.pruning.masks import check_sparsity as f

def magnitude_mask(weight, sparsity):
    return {call}
""")
    with Submission(path) as submission:
        result = submission.grade(REGISTRY[ID], seed=3)
    assert result.score == 0.0
    assert "called labkit: check_sparsity" in result.verdicts[0].message


def test_a_forbidden_call_that_ends_badly_is_still_named():
    def late(sparsity):
        some_name(sparsity)
        while True:
            pass

    def raises(sparsity):
        raise ValueError(some_name(sparsity))

    for function in (late, raises):
        with pytest.raises(Failure, match="called labkit: check_sparsity"):
            Trial(function, "f", seconds=0.2)(0.5)


LIBRARY = '''
"""Runs code of its own while it is imported, some of it called by other code."""

import abc
import functools

def decorator(function):
    return functools.wraps(function)(lambda *arguments: function(*arguments))

class Meta(abc.ABCMeta):
    def __new__(cls, *arguments):
        return super().__new__(cls, *arguments)

class Base(metaclass=Meta):
    def __init_subclass__(cls):
        cls.size = len(sorted([2, 1], key=lambda item: -item))

class Derived(Base):
    names = [decorator(name) for name in (len, max)]

table = functools.reduce(lambda a, b: a + b, range(3))

def __getattr__(name):
    if name == "late":
        return table
    raise AttributeError(name)

def answer():
    return table
'''


@pytest.fixture
def library(tmp_path, monkeypatch):
    (tmp_path / "shortcut_library.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(tmp_path)
    yield "shortcut_library"
    sys.modules.pop("shortcut_library", None)


def test_what_an_import_runs_is_no_call(library):
    def imports():
        import shortcut_library

        return shortcut_library.table + shortcut_library.late

    def calls():
        import shortcut_library as other

        return other.answer()

    assert Trial(imports, "imports", (library,))() == 6
    with pytest.raises(Failure, match="called shortcut_library: answer"):
        Trial(calls, "calls", (library,))()


def test_importing_what_must_not_be_called_is_allowed():
    def imports(weight, sparsity):
        from torch.nn.utils import prune

        import labkit.checks

        assert prune and labkit.checks and labkit.pruning.masks
        return right(weight, sparsity)

    assert checks.grade(ID, imports, seed=7).score == 1.0
