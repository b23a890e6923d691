"""`pytest tests/labs --submission PATH`: only the submission is checked, its points are shown."""

from pathlib import Path

import pytest
from places import ROOT

from labkit.checks import Exercise
from labkit.checks.process.exercises_in import tasks_in
from labkit.errors import InputError

POINTS = pytest.StashKey[dict]()
RAISED = pytest.StashKey[dict]()


def _files(config) -> list[Path]:
    given = config.getoption("submission")
    if not given:
        return sorted(ROOT.glob("solutions/*/*.ipynb"))
    path = Path(given)
    return sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]


def pytest_generate_tests(metafunc):
    if "submission" not in metafunc.fixturenames:
        return
    cases = []
    for path in _files(metafunc.config):
        try:
            tasks = tasks_in(path)
        except InputError as error:
            raise pytest.UsageError(str(error)) from None
        cases += [pytest.param(path, t, id=t.id) for t in tasks if isinstance(t, Exercise)]
    metafunc.parametrize(("submission", "exercise"), cases, indirect=["submission"], scope="module")


def pytest_collection_modifyitems(config, items):
    if config.getoption("submission"):
        chosen = [item for item in items if item.path.name == "test_submission.py"]
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture
def points(request) -> dict:
    """Grades by file and exercise, for the summary."""
    return request.config.stash.setdefault(POINTS, {})


@pytest.fixture
def raised(request) -> dict:
    """Cells that raised by file, as (number, error), for the summary."""
    return request.config.stash.setdefault(RAISED, {})


def pytest_terminal_summary(terminalreporter, config):
    points = config.stash.get(POINTS, {})
    if not config.getoption("submission") or not points:
        return
    terminalreporter.section("points")
    for (path, id), grade in points.items():
        terminalreporter.write_line(f"{grade.points:5g} of {grade.out_of:2d}  {id}  {path}")
    for path, errors in config.stash.get(RAISED, {}).items():
        for number, text in errors:
            terminalreporter.write_line(f"code cell {number}: {text}  {path}")
    earned = sum(grade.points for grade in points.values())
    out_of = sum(grade.out_of for grade in points.values())
    terminalreporter.write_line(f"{earned:5g} of {out_of:2d}  together")
