"""Code that two share is found under other names; code that the exercise asks for is not."""

import json
import random
from dataclasses import replace

import graded
import pytest
from places import ROOT
from sample import CLASS, EXERCISES, LAB

from labkit.checks import REGISTRY
from labkit.grading.reports.similar import OTHER, alike, pieces

RELEASE = (ROOT / f"exercises/{LAB}/{LAB}.ipynb").read_text(encoding="utf-8")
VARIANTS = ROOT / "tests/labs/variants"
CODE = """
def magnitude_mask(weight, sparsity):
    # The smallest go.
    count = round(sparsity * weight.numel())
    order = weight.abs().flatten().argsort(stable=True)
    mask = torch.ones(weight.numel(), dtype=torch.bool)
    mask[order[:count]] = False
    return mask.reshape(weight.shape)
"""
SAME = '''
import torch

def magnitude_mask(w: torch.Tensor, s: float) -> torch.Tensor:
    """Keep the largest."""
    ranking = w.abs() . flatten().argsort( stable = True )
    k = round(s * w.numel())
    keep: torch.Tensor = torch.ones(
        w.numel(),
        dtype=torch.bool,
    )
    keep[ranking[:k]] = False  # here
    return keep.reshape(w.shape)
'''


def _handed(student, answers, other=""):
    """An outcome whose notebook is the release with `answers` (exercise → code) in it."""
    notebook = json.loads(RELEASE)
    for cell in notebook["cells"]:
        for id, code in answers.items():
            if cell["id"] == f"{REGISTRY[id].grade_id}-answer":
                cell["source"] = code
    if other:
        notebook["cells"].append({"cell_type": "code", "metadata": {}, "source": [other]})
    return replace(graded.outcomes()[0], student=student, notebook=json.dumps(notebook))


def test_names_comments_formatting_and_the_order_of_statements_do_not_matter():
    assert pieces(CODE) == pieces(SAME)


def test_other_code_has_other_pieces():
    other = (VARIANTS / "pruning.magnitude_mask/right_loop.py").read_text(encoding="utf-8")
    both = pieces(CODE) & pieces(other)
    assert len(both) < 0.3 * len(pieces(CODE))


@pytest.mark.parametrize(
    "code",
    [
        "def f(:\n",
        "\0",
        "(" * 5000,
        "x = " + "-" * 30_000 + "1",
        "%matplotlib inline",
        "",
        "x" * 60_000,
    ],
)
def test_code_that_does_not_parse_has_no_pieces(code):
    assert pieces(code) == frozenset()


def test_the_pair_of_the_sample_class_is_found_and_nobody_else():
    (pair,) = alike(graded.outcomes(), RELEASE)
    special = [person.special for person in CLASS if person.student in pair.students]
    assert special == ["alike, the first", "alike, the second"]
    assert {part for part, _ in pair.parts} == {f"{LAB}.{name}" for name in EXERCISES}
    assert all(share > 0.6 for _, share in pair.parts)


def test_an_answer_that_everyone_gives_is_no_sign_of_anything():
    answers = {REGISTRY["pruning.magnitude_mask"].id: CODE}
    assert alike([_handed(f"s{i}", answers) for i in range(30)], RELEASE) == []


def test_untouched_and_missing_notebooks_are_not_alike():
    handed = [_handed(f"s{i}", {}) for i in range(10)]
    handed += [replace(handed[0], student=f"none{i}", notebook="") for i in range(10)]
    assert alike(handed, RELEASE) == []
    assert alike([], RELEASE) == alike(handed[:1], RELEASE) == []


def _class(size, seed):
    """A class in which each answer is drawn from those known to be given."""
    draw = random.Random(seed)
    known = {
        id: [path.read_text(encoding="utf-8") for path in sorted((VARIANTS / id).glob("*.py"))]
        for id in (f"{LAB}.{name}" for name in EXERCISES)
    }
    return [
        _handed(f"s{i}", {id: draw.choice(codes) for id, codes in known.items()})
        for i in range(size)
    ]


@pytest.mark.parametrize("size", [12, 100])
def test_who_handed_in_the_work_of_another_is_found_in_a_class_of_any_size(size):
    handed = _class(size, size)
    handed[5] = replace(handed[8], student="copier")
    found = alike(handed, RELEASE)
    pair = next(pair for pair in found if pair.students == ("copier", "s8"))
    assert len(pair.parts) == len(EXERCISES) and min(share for _, share in pair.parts) == 1
    assert [pair.bits for pair in found] == sorted((pair.bits for pair in found), reverse=True)


def test_a_short_answer_in_common_is_not_enough():
    handed = _class(40, 1)
    code = (VARIANTS / "pruning.cubic/right_expanded.py").read_text(encoding="utf-8")
    handed += [_handed(f"same{i}", {"pruning.cubic": code}) for i in range(2)]
    assert not [pair for pair in alike(handed, RELEASE) if "same0" in pair.students]


def test_helper_functions_in_other_cells_are_compared_too():
    helper = (VARIANTS / "pruning.layerwise/right_triples.py").read_text(encoding="utf-8") * 3
    helper += (VARIANTS / "pruning.sweep/right_triples.py").read_text(encoding="utf-8")
    handed = _class(100, 2)
    pair = [_handed(f"same{i}", {}, other=helper + CODE) for i in range(2)]
    (found,) = [one for one in alike(handed + pair, RELEASE) if "same0" in one.students]
    assert found.parts == ((OTHER, 1.0),)


def test_the_order_of_the_class_changes_nothing():
    handed = _class(30, 3)
    found = {frozenset(pair.students): round(pair.bits, 9) for pair in alike(handed, RELEASE)}
    again = alike(handed[::-1], RELEASE)
    assert {frozenset(pair.students): round(pair.bits, 9) for pair in again} == found
