"""Wrong answers are told which mistake they make; right ones get full points in any style."""

import re
import runpy
from pathlib import Path

import pytest
from turns import today

from labkit import checks
from labkit.checks import REGISTRY

VARIANTS = Path(__file__).parent / "variants"
SEEDS = (checks.VISIBLE_SEED, checks.grading_seed(), 2, 3)
FILES = sorted(VARIANTS.glob("*/*.py"))
MISTAKE = re.compile(r"^MISTAKE = .*$", re.MULTILINE)

# A quick run takes one in so many of them.
TURNS = {"wrong": 6, "right": 3}


def _of(kind: str) -> list:
    """Each variant at each seed.

    A quick run takes one seed, in turn, so that all of them are used, and of the variants of an
    exercise that make one mistake the first; of all these a share, another one each day.
    """
    cases, seen = [], set()
    for turn, path in enumerate(path for path in FILES if path.stem.startswith(kind)):
        named = MISTAKE.search(path.read_text(encoding="utf-8"))
        again = named is not None and (path.parent, named[0]) in seen
        seen.add((path.parent, named and named[0]))
        for number, seed in enumerate(SEEDS):
            quick = number == turn % len(SEEDS) and not again and today(turn, TURNS[kind])
            marks = () if quick else pytest.mark.full
            id = f"{path.parent.name}-{path.stem}-{number}"
            cases.append(pytest.param(path, seed, id=id, marks=marks))
    return cases


def _load(path: Path) -> tuple:
    names = runpy.run_path(str(path))
    return names[REGISTRY[path.parent.name].function], names.get("MISTAKE")


@pytest.mark.parametrize(("path", "seed"), _of("wrong"))
def test_wrong_variant_is_named(path, seed):
    function, mistake = _load(path)
    result = checks.grade(path.parent.name, function, seed=seed)
    messages = [verdict.message for verdict in result.verdicts if not verdict.passed]
    assert result.score < 1
    assert any(mistake in message for message in messages), messages
    # No other misconception is put on the student.
    named = {name for message in messages for name in re.findall("looks like '(.*?)'", message)}
    assert named <= {mistake}, named


@pytest.mark.parametrize(("path", "seed"), _of("right"))
def test_right_variant_gets_all_points(path, seed):
    function, _ = _load(path)
    result = checks.grade(path.parent.name, function, seed=seed)
    assert result.points == result.out_of, [str(verdict) for verdict in result.verdicts]


@pytest.mark.parametrize("id", REGISTRY)
def test_each_exercise_has_variants(id):
    names = [path.stem for path in FILES if path.parent.name == id]
    assert sum(name.startswith("wrong_") for name in names) >= 5
    assert sum(name.startswith("right_") for name in names) >= 2
    assert {path.parent.name for path in FILES} == set(REGISTRY)
