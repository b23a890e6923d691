"""`pytest tests/labs --submission PATH`: only the submission is checked, its points are shown."""

import tempfile
from pathlib import Path

import nbformat
import pytest
from places import ROOT

from labkit.checks import Exercise
from labkit.checks.process.exercises_in import tasks_in
from labkit.errors import InputError
from labkit.grading.submissions.own_file import read_own_file

GIVEN = pytest.StashKey[dict]()
FOLDER = pytest.StashKey[tempfile.TemporaryDirectory]()
POINTS = pytest.StashKey[dict]()
RAISED = pytest.StashKey[dict]()


def _files(config) -> list[Path]:
    """The notebooks to run; a submission is read, and mended, as in grading."""
    given = config.getoption("submission")
    if not given:
        return sorted(ROOT.glob("solutions/*/*.ipynb"))
    if GIVEN not in config.stash:
        config.stash[FOLDER] = tempfile.TemporaryDirectory(prefix="submission")
        config.stash[GIVEN], path = {}, Path(given)
        for number, file in enumerate(sorted(path.rglob("*.ipynb")) if path.is_dir() else [path]):
            own = read_own_file(file)
            place = Path(config.stash[FOLDER].name, str(number), f"{own.lab}.ipynb")
            place.parent.mkdir()
            nbformat.write(own.notebook, place)
            config.stash[GIVEN][place] = file, own.remarks
    return list(config.stash[GIVEN])


def pytest_generate_tests(metafunc):
    if "submission" not in metafunc.fixturenames:
        return
    cases = []
    try:
        for path in _files(metafunc.config):
            tasks = tasks_in(path)
            cases += [pytest.param(path, t, id=t.id) for t in tasks if isinstance(t, Exercise)]
    except InputError as error:
        raise pytest.UsageError(str(error)) from None
    metafunc.parametrize(("submission", "exercise"), cases, indirect=["submission"], scope="module")


def pytest_ignore_collect(collection_path, config):
    """With a submission no other file is even read."""
    own = collection_path.name == "test_submission.py" or collection_path.is_dir()
    return True if config.getoption("submission") and not own else None


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
    given = config.stash[GIVEN]
    for (path, id), grade in points.items():
        line = f"{grade.points:5g} of {grade.out_of:2d}  {id}  {given[path][0]}"
        terminalreporter.write_line(line)
    for path, errors in config.stash.get(RAISED, {}).items():
        file, remarks = given[path]
        for text in (*remarks, *(f"code cell {number}: {text}" for number, text in errors)):
            terminalreporter.write_line(f"{text}  {file}")
    earned = sum(grade.points for grade in points.values())
    out_of = sum(grade.out_of for grade in points.values())
    terminalreporter.write_line(f"{earned:5g} of {out_of:2d}  together")
