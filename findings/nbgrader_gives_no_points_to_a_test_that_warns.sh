#!/usr/bin/env bash
# In nbgrader a warning costs all points of the test in which it comes up.
#
# nbgrader 0.9.6, ipykernel 7.4.0, numpy 2.4.6.
#
# Guess before the run: a test cell that ends without an error gets its points, or those that its
# last line says; what it prints plays no part.
#
# Seen: any text on stderr counts as an error: a warning, a line of the module logging, a progress
# bar. A right answer that takes the logarithm of the zeros of a pruned matrix, or divides by a
# norm that is 0, and knows what to do with the result, gets 0 points, and the cell shows no error
# to explain it. A warning of a library that is new in a year takes the points of a whole class.
# Partial credit in the last line does not help. With `warnings.simplefilter("ignore")` in the
# test the answer gets its points.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    nbgrader==0.9.6 ipykernel==7.4.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
the test                            0 errors   0 of 2 points
no zeros                            0 errors   2 of 2 points
warnings ignored                    0 errors   2 of 2 points
a line printed                      0 errors   2 of 2 points
a line printed to stderr            0 errors   0 of 2 points
a line logged                       0 errors   0 of 2 points
a line of information logged        0 errors   2 of 2 points
one point                           0 errors   1 of 2 points
one point, printed to stderr first  0 errors   0 of 2 points
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import nbformat
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

ANSWER = """
import logging
import sys
import warnings

import numpy as np

weights = np.array([0.0, 0.5, -1.0, 0.0])


def entropy(weights):  # of how the norm is spread, 0 log 0 being 0
    shares = np.abs(weights) / np.abs(weights).sum()
    return -np.nansum(shares * np.log(shares))
"""
TEST = "assert abs(entropy(weights) - 0.6365) < 1e-4"
TESTS = {
    "the test": TEST,
    "no zeros": "assert entropy(np.array([1.0])) == 0",
    "warnings ignored": f'warnings.simplefilter("ignore")\n{TEST}',
    "a line printed": 'print("all right")',
    "a line printed to stderr": 'print("all right", file=sys.stderr)',
    "a line logged": 'logging.getLogger().error("all right")',
    "a line of information logged": 'logging.getLogger().info("all right")',
    "one point": "1",
    "one point, printed to stderr first": 'print("1", file=sys.stderr)\n1',
}
cells = [nbformat.v4.new_code_cell(ANSWER)]
for source in TESTS.values():
    cells.append(nbformat.v4.new_code_cell(source))
    cells[-1].metadata.nbgrader = {
        **{"grade": True, "solution": False, "points": 2, "schema_version": 3}
    }
notebook = nbformat.v4.new_notebook(cells=cells)
NotebookClient(notebook, kernel_name="python3", timeout=600).execute()
for name, cell in zip(TESTS, notebook.cells[1:], strict=True):
    errors = sum(output.output_type == "error" for output in cell.outputs)
    points, possible = determine_grade(cell)
    print(f"{name:36}{errors} errors{points:4.0f} of {possible:.0f} points")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
