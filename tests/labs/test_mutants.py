"""The tool that mutates the reference solutions, and its list of survivors that were read."""

import csv

import jupytext
import pytest
from mutants import SURVIVORS, mutants, scored, variants
from turns import in_turn

from labkit.checks import REGISTRY

ROOT = SURVIVORS.parents[2]


def test_what_is_mutated():
    source = 'def f(a: int, b: int):\n    """1"""\n    c = g(a, b)\n    return c[a:2] - b\n'
    assert {(before, after) for _, before, after in mutants(source, (variants,))} == {
        ("c = g(a, b)", "pass"),
        ("c = g(a, b)", "c = g(b, a)"),
        ("return c[a:2] - b", "pass"),
        ("return c[a:2] - b", "return c[a:2] + b"),
        ("return c[a:2] - b", "return c[a:2]"),
        ("return c[a:2] - b", "return b - c[a:2]"),
        ("return c[a:2] - b", "return c[:2] - b"),
        ("return c[a:2] - b", "return c[a:] - b"),
        ("return c[a:2] - b", "return c[a + 1:2] - b"),
        ("return c[a:2] - b", "return c[a - 1:2] - b"),
        ("return c[a:2] - b", "return c[a:3] - b"),
        ("return c[a:2] - b", "return c[a:-2] - b"),
    }


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("return t.double() < 2", "return t.float() < 2"),
        ("return t.double() < 2", "return t.half().double() < 2"),
        ("return t.double() < 2", "return t.double() + 1e-08 < 2"),
        ("return t.abs()", "return t.abs_()"),
        ("return t.flatten()", "return t.view(-1)"),
        ("return t.sum()", "return t.sum(dtype=torch.int16)"),
        ("return round(s * n)", "return int(torch.tensor(s * n).round())"),
        ("return id(t)", "return t.data_ptr()"),
        ("return isinstance(m, nn.Linear)", "return type(m) in (nn.Linear,)"),
    ],
)
def test_numbers_and_containers_are_mutated(before, after):
    assert (before, after) in {
        change[1:] for change in mutants(f"def f(t, s, n, m):\n    {before}\n")
    }


def test_a_mutant_that_ends_its_process_does_not_end_the_run():
    right = (SURVIVORS.parent / "variants/size.entropy/right_log2.py").read_text()
    sources = ["import os\nos._exit(3)", "raise SystemExit", "def entropy_bits(n, kept):\n    pass"]
    assert list(scored("size.entropy", [*sources, right])) == [0.0, None, 0.0, 1.0]


def _survivors() -> dict[str, list[tuple[str, str]]]:
    found: dict[str, list[tuple[str, str]]] = {}
    with SURVIVORS.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            assert row["verdict"] in ("same", "tolerated") and row["why"], row
            found.setdefault(row["exercise"], []).append((row["before"], row["after"]))
    return found


@pytest.mark.parametrize("id", in_turn(_survivors()))
def test_listed_survivors_are_mutants_of_the_solution(id):
    lab = REGISTRY[id].lab
    notebook = jupytext.read(ROOT / f"solutions/{lab}/{lab}.py", fmt="py:percent")
    answer = next(cell.source for cell in notebook.cells if cell.metadata.get("answer") == id)
    listed = _survivors()[id]
    assert set(listed) <= {change[1:] for change in mutants(answer)}
    assert len(set(listed)) == len(listed)
