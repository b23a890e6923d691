"""The sandbox itself: where there is none, what it shows, how it ends and begins again."""

import dataclasses
import json
import os
import resource
import shutil
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import lazy_loader
import psutil
import pytest
from places import ROOT
from sandboxed import needs_sandbox
from turns import today

import labkit
from labkit.checks import REGISTRY
from labkit.checks.process.submission import Submission
from labkit.errors import InputError
from labkit.grading.running.hosts import open_host
from labkit.grading.sandbox import bubblewrap
from labkit.grading.sandbox.attacks import attack
from labkit.grading.sandbox.bubblewrap import Bubble, command, problem, require
from labkit.grading.sandbox.fork_server import Refused, Warm
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.visible_packages import LENT, MACHINERY, write_view
from labkit.grading.sandbox.watchdog import Guard

ENTROPY = REGISTRY["size.entropy"]
# tests/labs/test_submission.py runs all without a sandbox; these two use most of what it shows, and
# take turns.
QUICK = ("language", "mrpc")[not today(0, 2)]
LABS = [
    pytest.param(lab, marks=() if lab == QUICK else pytest.mark.full)
    for lab in sorted({exercise.lab for exercise in REGISTRY.values()})
]
ANSWER = """
import math

def entropy_bits(n, kept):
    if kept in (0, n):
        return 0.0
    p = kept / n
    return -n * (p * math.log2(p) + (1 - p) * math.log2(1 - p))
"""


@pytest.fixture(scope="module")
def warm():
    host = Warm()
    yield host
    host.close()


@pytest.fixture
def answer(tmp_path):
    path = tmp_path / "answer.py"
    path.write_text(ANSWER)
    return path


def _score(path, host) -> float:
    with Submission(path, host=host) as submission:
        return submission.grade(ENTROPY, seed=5).score


@pytest.mark.parametrize(
    ("system", "remedy"),
    [("Linux", "apt install bubblewrap"), ("Darwin", "Linux container"), ("Windows", "WSL 2")],
)
def test_without_bubblewrap_it_says_what_to_do(monkeypatch, tmp_path, system, remedy):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("platform.system", lambda: system)
    assert remedy in problem()
    for make in (require, Bubble, Warm):
        with pytest.raises(InputError, match="--unsafe-no-sandbox"):
            make()


def test_a_system_that_refuses_namespaces(monkeypatch, tmp_path):
    program = tmp_path / "bwrap"
    program.write_text(
        "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr("platform.system", lambda: "Linux")
    assert "No permissions" in problem() and "virtual machine" in problem()


def test_the_view_answers_no_exercise(tmp_path):
    view = write_view(tmp_path)
    kept = {str(path.relative_to(view)) for path in view.rglob("*.py")}
    modules = {exercise.cases.__module__ for exercise in REGISTRY.values()}
    forbidden = {name for exercise in REGISTRY.values() for name in exercise.forbids}
    for name in modules | forbidden - {"labkit"}:
        if name.startswith("labkit."):
            file = name.removeprefix("labkit.").replace(".", "/") + ".py"
            assert file not in kept or "WithheldError" in (view / file).read_text(), name
    # Those of rooms only say which names their modules have.
    modules = {name for name in kept if not name.endswith("__init__.py")}
    genuine = {name for name in modules if (view / name).read_text() == _ours(name)}
    lent = {path for path in genuine if path.startswith(f"{LENT}/")}
    assert genuine - lent == {f"{name}.py" for name in MACHINERY} - {"__init__.py"}
    assert len(lent) >= 5


def _ours(path: str) -> str:
    file = Path(labkit.__file__).parent / path
    text = file.read_text() if file.exists() else ""
    return text if text else "(none)"


_IMPORTS = """
import labkit
from labkit import checks
from labkit.errors import WithheldError
for name in labkit.__all__:
    thing = getattr(labkit, name)
    try:
        thing(1)
    except WithheldError as error:
        assert name in str(error)
    else:
        raise AssertionError(name)
"""


def test_what_a_cell_imports_is_there_and_withheld(tmp_path):
    write_view(tmp_path)
    # -S: neither site-packages nor an installed labkit; what its rooms need stands beside it.
    shutil.copytree(Path(lazy_loader.__file__).parent, tmp_path / "lazy_loader")
    subprocess.run([sys.executable, "-S", "-c", _IMPORTS], cwd=tmp_path, env={}, check=True)


def test_limits_survive_the_way_and_bind():
    limits = Limits(memory=3 * 2**30, processes=7, file=12345)
    assert Limits.from_json(limits.to_json()) == limits
    code = (
        "import json, resource, sys; from labkit.grading.sandbox.limits import Limits;"
        "Limits.from_json(sys.argv[1]).apply();"
        "print(json.dumps([resource.getrlimit(k) for k in map(int, sys.argv[2:])]))"
    )
    kinds = [resource.RLIMIT_DATA, resource.RLIMIT_NPROC, resource.RLIMIT_FSIZE]
    said = subprocess.run(
        [sys.executable, "-c", code, limits.to_json(), *map(str, kinds)],
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ).stdout
    assert json.loads(said) == [[3 * 2**30] * 2, [7, 7], [12345, 12345]]


@pytest.mark.parametrize(
    ("code", "limits", "seconds", "said"),
    [
        ("[os.fork() for _ in range(3)]", Limits(processes=4), 60, "more than 4 processes"),
        ("held = b'x' * 2**28", Limits(memory=2**27), 60, "more than 0.125 GiB of memory"),
        ("pass", Limits(), 1, "took too long"),
    ],
)
def test_the_guard_ends_what_goes_too_far(code, limits, seconds, said):
    process = subprocess.Popen([sys.executable, "-c", f"import os, time; {code}; time.sleep(60)"])
    family = []
    try:
        guard = Guard(process.pid, limits, seconds=seconds)
        while process.poll() is None:
            family = psutil.Process(process.pid).children(recursive=True) or family
        assert said in guard.end()
    finally:
        for left in family:  # no namespace takes them along here
            left.kill()


def test_the_guard_lets_the_others_be():
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    guard = Guard(process.pid, Limits())
    process.kill()
    process.wait()
    assert guard.end() == ""


@needs_sandbox
def test_where_labkit_is_installed_among_the_libraries(monkeypatch, tmp_path):
    installed = Path(sys.prefix).resolve() / "lib" / "somewhere" / "labkit"
    monkeypatch.setattr(labkit, "__file__", str(installed / "__init__.py"))
    words = command(tmp_path, Limits(), [])
    place = str(Path(sys.prefix) / "lib" / "somewhere" / "labkit")
    assert words[words.index(place) - 1] == str(tmp_path)


@needs_sandbox
def test_the_attacks_are_held_off():
    attacks = attack()
    assert len(attacks) == 7
    assert [one.tried for one in attacks if not one.held] == []


@needs_sandbox
def test_attacks_on_an_open_door_are_noticed(monkeypatch):
    def door(*arguments):
        words = command(*arguments)
        at = words.index("--ro-bind")
        return [
            *words[:at],
            "--share-net",
            "--bind",
            str(Path.home()),
            str(Path.home()),
            *words[at:],
        ]

    monkeypatch.setattr("labkit.grading.sandbox.attacks.command", door)
    held = {one.tried: one.held for one in attack()}
    (Path.home() / "labkit-attack").unlink(missing_ok=True)
    assert not held["connect to this machine"]
    assert not held["read a file in your home"]
    assert not held["write outside its folder"]
    assert held["start 1000 processes"]


@needs_sandbox
@pytest.mark.slow
@pytest.mark.parametrize("lab", LABS)
def test_reference_solutions_get_all_points(warm, lab):
    with Submission(ROOT / f"solutions/{lab}/{lab}.ipynb", host=warm) as submission:
        exercises = [task for task in submission.tasks if task.id in REGISTRY]
        lost = [task.id for task in exercises if submission.grade(task, seed=3).score < 1]
        assert lost == []
        assert submission.errors == []


@needs_sandbox
@pytest.mark.slow
def test_a_parent_that_was_killed_is_started_again(warm, answer):
    assert _score(answer, warm) == 1
    psutil.Process(warm._parent.pid).children()[0].children()[0].kill()
    assert _score(answer, warm) == 1


@needs_sandbox
@pytest.mark.slow
def test_an_answer_behind_a_picture_counts(warm, tmp_path):
    path = tmp_path / "answer.py"
    path.write_text(
        "# %%\nfrom labkit import load_model\nmodel, _, _ = load_model('gpt2')\n"
        f"print(model.config)\n{ANSWER}\n# %%\n1 / 0\n"
    )
    with Submission(path, host=warm) as submission:
        assert submission.grade(ENTROPY, seed=5).score == 1
        assert submission.errors == [(2, "ZeroDivisionError: division by zero")]


@needs_sandbox
@pytest.mark.slow
def test_time_for_all_of_a_submission(answer, warm, monkeypatch):
    monkeypatch.setattr(warm, "together", 0.0)
    with Submission(answer, host=warm) as submission:
        grade = submission.grade(ENTROPY, seed=5)
    assert grade.score == 0
    assert "the 0 s that a submission has were used up" in grade.verdicts[0].message


@needs_sandbox
@pytest.mark.slow
def test_without_namespaces_in_namespaces_each_gets_a_bubble(monkeypatch, answer):
    plain = bubblewrap._namespaces()
    monkeypatch.setattr(bubblewrap, "_namespaces", lambda: [*plain, "--disable-userns"])
    limits = dataclasses.replace(Limits(), processes=32)
    with open_host(limits) as host:
        assert isinstance(host, Bubble) and host.limits == limits
        assert _score(answer, host) == 1
    with closing(Warm(limits)) as lone, pytest.raises(Refused, match="no second one"):
        lone.start(answer)
