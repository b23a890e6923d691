"""The sheet for instructors, from the registry and what the notebooks say."""

import json

import pytest
from places import ROOT

from labkit.checks import TASKS
from labkit.checks.engine.exercise import CHAPTERS
from labkit.errors import InputError, SourceError
from labkit.labs import lab_needs, sheet_table


def test_each_lab_has_a_row_and_the_sums_are_those_of_the_registry():
    table, _, below = sheet_table(ROOT).rpartition("\n\n")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    head, _, *labs, together = rows
    assert [row[0] for row in labs] == [f"`{lab}`" for lab in CHAPTERS]
    points = head.index("points")
    assert sum(int(row[points]) for row in labs) == int(together[points])
    assert int(together[points]) == sum(task.points for task in TASKS.values())
    counts = [head.index("in code"), head.index("in words")]
    assert sum(int(row[at]) for row in labs for at in counts) == len(TASKS)
    hours, minutes = together[head.index("time")].removesuffix("\N{NO-BREAK SPACE}h").split(":")
    assert 60 * int(hours) + int(minutes) == sum(task.minutes for task in TASKS.values())
    assert below == "All labs: no network and no GPU."


def test_what_one_needs_is_what_the_notebook_says(tmp_path):
    path = tmp_path / "exercises" / "size" / "size.ipynb"
    path.parent.mkdir(parents=True)
    with pytest.raises(SourceError, match="labkit exercises"):
        lab_needs(tmp_path, "size")
    said = [
        "**You need** this notebook and\n",
        "`labkit` installed; bits, and\n",
        "shifts; a GPU. More.",
    ]
    path.write_text(json.dumps({"cells": [{"source": said}]}))
    assert lab_needs(tmp_path, "size") == ("bits, and shifts", "a GPU")
    path.write_text(json.dumps({"cells": [{"source": ["Nothing of it."]}]}))
    with pytest.raises(InputError, match=r"size\.ipynb does not say what one needs"):
        lab_needs(tmp_path, "size")
