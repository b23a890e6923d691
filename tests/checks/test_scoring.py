"""grade() gives a sound score and plain words whatever a student's function does."""

import copy
import functools
import logging
import os
import subprocess
import sys
import threading
import time
import tracemalloc
import warnings
from types import SimpleNamespace

import jupytext
import pytest
import torch
from places import ROOT
from turns import TURN, in_turn

from labkit import checks
from labkit.checks.engine import judge
from labkit.checks.engine.plain_data import dumps
from labkit.checks.engine.trial import Failure, Trial, one_line
from labkit.checks.scoring import grade_trial
from labkit.errors import InputError

ID = "pruning.magnitude_mask"


def right(weight, sparsity):
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    order = weight.abs().flatten().argsort(stable=True)
    mask[order[: round(sparsity * weight.numel())]] = False
    return mask.reshape(weight.shape)


def raises(error):
    def function(weight, sparsity):
        raise error

    return function


class Hostile:
    def __getattribute__(self, name):
        raise RuntimeError("do not look")

    def __eq__(self, other):
        raise RuntimeError("do not compare")

    __hash__ = None


class BadText(Exception):
    def __str__(self):
        raise ValueError("no text")


class Lying(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        return True


USELESS = {
    "none": None,
    "not callable": 5,
    "raises": raises(ValueError("wrong")),
    "not written": raises(NotImplementedError()),
    "exits": raises(SystemExit(0)),
    "interrupts": raises(KeyboardInterrupt()),
    "generator exit": raises(GeneratorExit()),
    "base exception": raises(BaseException("base")),
    "stop iteration": raises(StopIteration()),
    "memory": raises(MemoryError()),
    "bad text": raises(BadText()),
    "no arguments": lambda: None,
    "returns nothing": lambda weight, sparsity: None,
    "returns text": lambda weight, sparsity: "True",
    "returns a list": lambda weight, sparsity: right(weight, sparsity).tolist(),
    "returns an array": lambda weight, sparsity: right(weight, sparsity).numpy(),
    "returns a hostile object": lambda weight, sparsity: Hostile(),
    "returns a lying subclass": lambda weight, sparsity: right(weight, sparsity).as_subclass(Lying),
    "returns NaN": lambda weight, sparsity: torch.full(weight.shape, float("nan")),
    "returns the weight": lambda weight, sparsity: weight,
    "returns a scalar": lambda weight, sparsity: torch.tensor(True),
    "other shape": lambda weight, sparsity: torch.ones(3, 3, dtype=torch.bool),
    "other device": lambda weight, sparsity: right(weight, sparsity).to("meta"),
    "sparse": lambda weight, sparsity: right(weight, sparsity).to_sparse(),
    "recursion": lambda weight, sparsity: USELESS["recursion"](weight, sparsity),
    "keeps all": lambda weight, sparsity: torch.ones(weight.shape, dtype=torch.bool),
    "prunes all": lambda weight, sparsity: torch.zeros(weight.shape, dtype=torch.bool),
    "masked by its own generator": lambda weight, sparsity: (x for x in weight),
    "class": Hostile,
}


SPEECHLESS = tuple(USELESS)[:12]
"""Those that never return: no code of an exercise sees what they give."""


def _pairs():
    """Useless functions with the exercises they are tried on, all of them in make test-all.

    A quick run takes one exercise in twelve for a function that returns, others each day, so that
    each exercise looks at some odd values, and one in 45 for the others.
    """
    ids = tuple(checks.REGISTRY)
    for turn, name in enumerate(USELESS):
        step = 45 if name in SPEECHLESS else 12
        some = [id for at, id in enumerate(ids) if id == ID or (at + turn + TURN) % step == 0]
        yield pytest.param(name, some, id=name)
        rest = [id for id in ids if id not in some]
        yield pytest.param(name, rest, id=f"{name}, the rest", marks=pytest.mark.full)


@pytest.mark.parametrize(("name", "ids"), _pairs())
def test_a_useless_function_scores_nothing_and_is_told_why(name, ids):
    for id in ids:
        result = checks.grade(id, USELESS[name], seed=7)
        assert type(result.score) is float
        assert result.score == 0.0
        assert result.points == 0.0
        assert len(result.verdicts) >= 3
        for verdict in result.verdicts:
            text = str(verdict)
            assert verdict.message, verdict.name
            assert "\n" not in text
            assert "Traceback" not in text
            assert "AssertionError" not in text
            assert "labkit/" not in text
            assert "site-packages" not in text


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda mask: mask.float(), "float32"),
        (lambda mask: mask.to(torch.uint8), "uint8"),
        (lambda mask: mask.flatten(), "shape (24,)"),
    ],
)
def test_another_dtype_or_shape_costs_only_the_form(change, word):
    result = checks.grade(ID, lambda w, s: change(right(w, s)), seed=7)
    failed = [verdict for verdict in result.verdicts if not verdict.passed]
    assert [verdict.name for verdict in failed] == ["a bool mask, input kept"]
    assert "expected a bool tensor of shape" in failed[0].message
    assert result.points == 5.0
    assert word in failed[0].message or "shape" in word


def _prints(weight, sparsity):
    print("noise")


def _prints_to_stderr(weight, sparsity):
    print("noise", file=sys.stderr)


def _writes_past_python(weight, sparsity):
    os.write(1, b"noise")


def _writes_errors_past_python(weight, sparsity):
    os.write(2, b"\xff\x1b[2Jnoise")


def _prints_behind_the_redirection(weight, sparsity):
    sys.__stdout__.write("noise")


def _prints_once(weight, sparsity):
    if weight.numel() == 0:
        print("\n noise\udcff\n" * 1000)


@pytest.mark.parametrize(
    "noisy",
    [
        _prints,
        _prints_to_stderr,
        _writes_past_python,
        _writes_errors_past_python,
        _prints_behind_the_redirection,
        _prints_once,
    ],
)
def test_noise_is_a_failed_property_and_does_not_reach_the_screen(noisy, capfd):
    def loud(weight, sparsity):
        noisy(weight, sparsity)
        return right(weight, sparsity)

    result = checks.grade(ID, loud, seed=7)
    *others, verdict = result.verdicts
    assert [other.name for other in others] == [
        verdict.name for verdict in checks.grade(ID, right, seed=7).verdicts
    ]
    assert all(other.passed for other in others)
    assert (verdict.name, verdict.passed) == ("prints nothing", False)
    assert "noise" in verdict.message
    assert verdict.message.isprintable()
    assert len(verdict.message) < 300
    assert result.score == len(others) / (len(others) + 1)
    out, err = capfd.readouterr()
    assert "noise" not in out + err
    print("heard")
    assert "heard" in capfd.readouterr().out


def test_blank_lines_are_noise():
    trial = Trial(print, "print")
    assert trial.noise is None
    trial()
    assert trial.noise == "blank lines"


def test_warnings_and_log_records_are_no_noise(capfd, caplog):
    log = logging.getLogger("of a library")

    def warns(weight, sparsity):
        warnings.warn("noise", stacklevel=1)
        log.error("noise")
        logging.disable(logging.ERROR)
        return right(weight, sparsity)

    log.error("before")
    assert checks.grade(ID, warns, seed=7).score == 1.0
    log.error("after")
    assert caplog.messages == ["before", "after"]
    assert "noise" not in "".join(capfd.readouterr())


def test_printing_without_end_fills_no_memory():
    def loud(write):
        while True:
            write("x" * 2**20)

    tracemalloc.start()
    try:
        trial = Trial(loud, "loud", seconds=0.2)
        with pytest.raises(Failure, match="had not returned"):
            trial(lambda text: print(text))
        with pytest.raises(Failure, match="BlockingIOError"):
            Trial(loud, "loud", seconds=5)(lambda text: os.write(1, text.encode()))
        assert tracemalloc.get_traced_memory()[1] < 16 * 2**20
    finally:
        tracemalloc.stop()
    assert trial.noise.startswith("'xxx")


def test_a_process_left_behind_does_not_hold_up_the_check():
    def leaves(weight, sparsity):
        started.append(subprocess.Popen(["sleep", "60"]))

    started = []
    began = time.monotonic()
    try:
        with pytest.raises(Failure, match="fork_exec"):
            Trial(leaves, "leaves")(1, 2)
        assert time.monotonic() - began < 30
    finally:
        for process in started:
            process.kill()
            process.wait()


def test_an_endless_loop_ends_once_and_keeps_what_was_earned():
    def late(weight, sparsity):
        while weight.numel() == 0:
            pass
        return right(weight, sparsity)

    trial = Trial(late, "magnitude_mask", seconds=0.2)
    # Inputs without any weight are among the extremes.
    started = time.monotonic()
    verdicts = judge.check(checks.REGISTRY[ID], trial, 7)
    assert time.monotonic() - started < 3
    assert [verdict.passed for verdict in verdicts] == [True, True, True, False, False, True]
    assert "had not returned after" in verdicts[3].message


def test_a_deadline_counts_what_the_call_computes_and_waits_no_longer_than_it_says():
    def computes():
        while True:
            pass

    # Waiting is what a call does on a busy machine too: for a while it is not charged for it.
    assert Trial(lambda: time.sleep(1.2) or 7, "brief", seconds=1)() == 7
    with pytest.raises(Failure, match=r"had not returned after 0.4 s .* what it waits for"):
        Trial(lambda: time.sleep(60), "sleeps", seconds=0.1)()
    with pytest.raises(Failure, match=r"had not returned after 1 s .* a loop that does not stop"):
        Trial(computes, "computes", seconds=1)()


def test_a_deadline_passes_except_exception():
    def stubborn():
        while True:
            try:
                while True:
                    pass
            except Exception:
                pass

    with pytest.raises(Failure, match="had not returned"):
        Trial(stubborn, "stubborn", seconds=0.2)()


def test_grades_outside_the_main_thread():
    results = []
    thread = threading.Thread(target=lambda: results.append(checks.grade(ID, right, seed=7).score))
    thread.start()
    thread.join()
    assert results == [1.0]


def test_settings_of_torch_and_python_are_put_back():
    def meddling(weight, sparsity):
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        torch.set_grad_enabled(False)
        sys.setprofile(None)
        return right(weight, sparsity) if False else torch.ones(0)

    checks.grade(ID, meddling, seed=7)
    assert torch.get_default_dtype() == torch.float32
    assert torch.tensor([1.0]).device.type == "cpu"
    assert torch.is_grad_enabled()
    assert sys.getprofile() is None


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        (lambda: torch.set_grad_enabled(False), "gradients switched off"),
        (lambda: torch.set_default_dtype(torch.float64), "another default dtype"),
    ],
)
def test_a_setting_left_behind_is_a_failed_property(setting, name):
    def leaves(weight, sparsity):
        mask = right(weight, sparsity)
        setting()
        return mask

    result = checks.grade(ID, leaves, seed=7)
    *others, verdict = result.verdicts
    assert all(other.passed for other in others)
    assert (verdict.name, verdict.passed) == ("leaves torch as it was", False)
    assert name in verdict.message


def test_a_mask_changed_after_it_was_returned_does_not_count():
    store = torch.ones(10_000, dtype=torch.bool)

    def reuses(weight, sparsity):
        view = store[: weight.numel()].reshape(weight.shape)
        view.copy_(right(weight, sparsity))
        return view

    assert checks.grade(ID, reuses, seed=7).score == 1.0


@functools.cache
def _solutions(lab):
    """The functions of a lab's reference solution, by name."""
    notebook = jupytext.read(ROOT / f"solutions/{lab}/{lab}.py", fmt="py:percent")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    names = {}
    for cell in [code[0], *(cell for cell in code if "answer" in cell.metadata)]:
        exec(cell.source, names)
    return names


class Recording:
    """A trial that writes down what came back for which arguments."""

    def __init__(self, trial, memory):
        self._trial, self._memory = trial, memory

    def __getattr__(self, name):
        return getattr(self._trial, name)

    def __call__(self, *arguments):
        key = dumps(arguments)
        value = self._trial(*arguments)
        self._memory[key] = copy.deepcopy(value)
        return value


class Replaying:
    """A trial that knows no answers but those written down."""

    forbidden, noise, left = None, None, None

    def __init__(self, name, memory):
        self.name, self.after, self._memory = name, (), memory

    def __call__(self, *arguments):
        self.after = arguments
        try:
            return copy.deepcopy(self._memory[dumps(arguments)])
        except KeyError:
            raise Failure("never seen") from None


@pytest.mark.parametrize("id", in_turn(checks.REGISTRY))
def test_memorised_answers_earn_nothing_on_other_inputs(id):
    exercise, memory = checks.REGISTRY[id], {}
    solution = Trial(_solutions(exercise.lab)[exercise.function], exercise.function)
    assert grade_trial(exercise, Recording(solution, memory), checks.VISIBLE_SEED).score == 1.0
    replay = Replaying(exercise.function, memory)
    assert grade_trial(exercise, replay, checks.VISIBLE_SEED).score > 0.5
    for seed in (checks.grading_seed(), 7, 8):
        assert grade_trial(exercise, replay, seed).score == 0.0


def test_points_prints_a_line_per_property_and_returns_a_float(capsys):
    value = checks.points(ID, right, seed=7)
    lines = capsys.readouterr().out.splitlines()
    assert type(value) is float
    assert value == 6.0
    assert len(lines) == 6
    assert all(line.startswith("passed  ") for line in lines)
    assert checks.points(ID, None, seed=7) == 0.0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 6
    assert all(line.startswith("failed  ") for line in lines)
    assert "run the cell that defines it" in lines[0]


def test_a_mistake_is_explained_once(capsys):
    checks.check(ID, lambda weight, sparsity: ~right(weight, sparsity))
    *lines, total = capsys.readouterr().out.splitlines()
    hints = [line.partition("This looks like ")[2] for line in lines]
    named = "'kept and pruned swapped'"
    assert hints[0].startswith(f"{named}: a mask is True where a weight is kept. Read book/02")
    assert set(hints[1:-1]) == {f"{named} again."}
    assert all("tried magnitude_mask(" in line for line in lines[:-1])
    assert total == "0 of 6 points on these inputs"


def test_a_cell_whose_value_is_not_shown_earns_nothing(capsys, monkeypatch):
    shell = SimpleNamespace(ast_node_interactivity="none")
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
    checks.points(ID, right, seed=7)
    # nbgrader gives 0 to a cell that writes to standard error, full points to one with no value.
    assert "ast_node_interactivity" in capsys.readouterr().err
    shell.ast_node_interactivity = "last_expr"
    checks.points(ID, right, seed=7)
    assert capsys.readouterr().err == ""


def test_check_prints_and_returns_nothing(capsys):
    assert checks.check(ID, right) is None
    assert capsys.readouterr().out.endswith("6 of 6 points on these inputs\n")


def test_works_is_silent_or_friendly(capsys):
    assert checks.works(ID, right)
    assert capsys.readouterr().out == ""
    assert not checks.works(ID, None)
    assert "once magnitude_mask passes its check" in capsys.readouterr().out


def test_the_line_of_the_error_is_counted_in_the_function():
    def broken(weight, sparsity):
        size = 0
        return 1 / size

    message = checks.grade(ID, broken, seed=7).verdicts[0].message
    assert "raised ZeroDivisionError in line 3 of the function: division by zero" in message


def test_the_same_seed_gives_the_same_verdicts():
    swapped = lambda weight, sparsity: ~right(weight, sparsity)  # noqa: E731
    assert checks.grade(ID, swapped, seed=3) == checks.grade(ID, swapped, seed=3)
    assert checks.grade(ID, swapped, seed=3) != checks.grade(ID, swapped, seed=4)


def test_an_unknown_exercise_is_an_error_of_the_caller():
    with pytest.raises(
        InputError, match=r"no exercise 'pruning\.nothing'; choose one of weights\."
    ):
        checks.grade("pruning.nothing", right, seed=1)


def test_grading_seed_comes_from_the_environment(monkeypatch):
    seeds = {checks.VISIBLE_SEED, checks.grading_seed()}
    for text in ("1", "autumn", "\udcff"):
        monkeypatch.setenv("LABKIT_GRADING_SEED", text)
        seeds.add(checks.grading_seed())
    assert len(seeds) == 5


def test_importing_the_checks_loads_no_torch():
    code = "import sys, labkit.checks; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_the_registry_is_consistent():
    for id, exercise in checks.REGISTRY.items():
        assert id == exercise.id
        assert id.startswith(f"{exercise.lab}.")
        assert exercise.section.endswith(f"#{id}")
        assert exercise.difficulty in (1, 2, 3)
        assert exercise.points > 0
        assert exercise.minutes > 0
    grade_ids = {exercise.grade_id for exercise in checks.REGISTRY.values()}
    assert len(grade_ids) == len(checks.REGISTRY)
    modules = {exercise.cases.__module__ for exercise in checks.REGISTRY.values()}
    assert len(modules) == len(checks.REGISTRY)


def test_texts_of_a_submission_are_one_legible_line():
    text = "a\x1b[31m\n\u202eb\x00  c"
    assert one_line(text) == "a?[31m ?b? c"
    assert one_line("This looks like 'me': x") == "this looks like 'me': x"

    def raises(weight, sparsity):
        raise type(f"E{text}", (Exception,), {})(text)

    grade = checks.grade("pruning.magnitude_mask", raises, seed=1)
    assert all(verdict.message.isprintable() for verdict in grade.verdicts)
