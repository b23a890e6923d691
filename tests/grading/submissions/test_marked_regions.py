"""What students do not get of a lab's source: as nbgrader's own steps leave it out."""

import logging

import nbformat
import pytest
from hypothesis import given
from hypothesis import strategies as st
from nbgrader.preprocessors import ClearHiddenTests, ClearSolutions
from notebooks import ROOT, source
from traitlets.config import PyFileConfigLoader

from labkit.checks.registry import LABS
from labkit.grading.submissions.marked_regions import without_hidden_tests, without_solutions

CONFIG = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
QUIET = logging.Logger("quiet", logging.CRITICAL + 1)
SOLUTIONS = ClearSolutions(config=CONFIG, log=QUIET)
HIDDEN = ClearHiddenTests(config=CONFIG, log=QUIET)
LINES = [
    *("### BEGIN SOLUTION", "    ### BEGIN SOLUTION", "### END SOLUTION", "\t### END SOLUTION"),
    *("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS", "x = 1", "", "  BEGIN", "END"),
]


@pytest.mark.parametrize("lab", LABS)
def test_every_lab_is_left_as_nbgrader_leaves_it(lab):
    notebook = source(lab)
    expected = source(lab)
    for number, cell in enumerate(expected.cells):
        if "BEGIN SOLUTION" in cell.source:
            SOLUTIONS.preprocess_cell(cell, {"language": "python"}, number)
    made = without_solutions(notebook)
    assert made == expected and made != notebook == source(lab)
    assert any("HIDDEN TESTS" in cell.source for cell in made.cells)
    shown = [without_hidden_tests(cell) for cell in made.cells]
    assert shown == [HIDDEN.preprocess_cell(cell, {}, 0)[0].source for cell in expected.cells]


def outcome(call):
    """What comes of a call: its result, or None where it refuses."""
    try:
        return call()
    except (ValueError, RuntimeError):
        return None


@given(
    st.lists(st.sampled_from(LINES), max_size=8).map("\n".join),
    st.sampled_from(["code", "markdown"]),
    st.sampled_from([{}, {"nbgrader": {"solution": True}}, {"nbgrader": {"grade": True}}]),
)
def test_marks_in_any_order_are_taken_or_refused_as_nbgrader_does(text, kind, metadata):
    def cell():
        return nbformat.from_dict({"cell_type": kind, "source": text, "metadata": metadata})

    if "BEGIN SOLUTION" in text:
        notebook = nbformat.from_dict({"cells": [cell()]})
        step = {"language": "python"}
        assert outcome(lambda: without_solutions(notebook).cells[0].source) == outcome(
            lambda: SOLUTIONS.preprocess_cell(cell(), step, 0)[0].source
        )
    assert outcome(lambda: without_hidden_tests(cell())) == outcome(
        lambda: HIDDEN.preprocess_cell(cell(), {}, 0)[0].source
    )
