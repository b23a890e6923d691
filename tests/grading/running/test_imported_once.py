"""What a class needs of large libraries is imported once, before anything is forked."""

import json
import os
import subprocess
import sys

import pytest
from places import ROOT
from sandboxed import needs_sandbox
from turns import in_turn

from labkit.checks.registry import LABS

pytestmark = [needs_sandbox, pytest.mark.slow]

FEW = 30
"""Modules that may be imported late: a large library has hundreds."""

# In a process of its own: this one has imported more.
GRADED = """
import json, sys
from contextlib import closing
from importlib import import_module
from pathlib import Path

lab = sys.argv[1]
import labkit.grading.running.imported_once
from labkit.checks.registry import libraries_of
for name in libraries_of(lab).checks:
    import_module(name)
import labkit.grading.running.imports_end
before = set(sys.modules)

import nbformat
from labkit.grading.running.hosts import open_host
from labkit.grading.running.one_submission import grade_one
from labkit.grading.sandbox.limits import Limits
from labkit.grading.submissions.outcomes import Handed

source = Path(sys.argv[2]).read_text(encoding="utf-8")
notebook = nbformat.reads(source, as_version=4)
new_cell = nbformat.v4.new_code_cell
notebook.cells.insert(0, new_cell("import sys\\nBEFORE = set(sys.modules)"))
late = "sorted(set(sys.modules) - BEFORE)"
notebook.cells.append(new_cell(f"raise ImportError(len({late}), *{late})"))
handed = Handed(student="ada", lab=lab, data=nbformat.writes(notebook).encode())
with open_host(Limits(), libraries=libraries_of(lab).answers) as host:
    outcome = grade_one(handed, source, 7, host)
print(json.dumps({
    "points": [outcome.points, outcome.out_of],
    "here": sorted(set(sys.modules) - before),
    "said": outcome.errors,
}))
"""


@pytest.mark.parametrize("lab", in_turn(LABS, of=len(LABS)))
def test_the_right_answers_of_a_lab_import_hardly_anything_more(lab):
    done = subprocess.run(
        [sys.executable, "-c", GRADED, lab, str(ROOT / f"solutions/{lab}/{lab}.ipynb")],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["points"][0] == said["points"][1]
    assert len(said["here"]) < FEW, said["here"]
    ((_, error),) = said["said"]
    assert error.startswith("ImportError: (")
    assert int(error.removeprefix("ImportError: (").split(",")[0]) < FEW, error
