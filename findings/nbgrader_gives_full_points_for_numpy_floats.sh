#!/usr/bin/env bash
# nbgrader turns partial credit into full credit where the number is NumPy's.
#
# nbgrader 0.9.6, numpy 2.4.6, ipykernel 7.4.0.
#
# Guess before the run: a test cell whose last line is a number gets that many points, as nbgrader offers for
# partial credit, whether the number is a Python float or a numpy.float64, which is one by inheritance.
#
# Seen: nbgrader reads the number from the text under the cell. Since NumPy 2 that text is "np.float64(0.5)",
# which is no number, and anything that is no number means all points. The share of right answers, computed with
# numpy.mean, gives every student the maximum; a warning in the log of autograding is the only sign. With
# `float(...)` around it, the points are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    nbgrader==0.9.6 ipykernel==7.4.0 numpy==2.4.6

cat > "$folder/expected" <<'SEEN'
0.5                                              0.5 of 2 points
np.float64(0.5)                                  2 of 2 points
2 * np.mean([True, False, False, False])         2 of 2 points
float(2 * np.mean([True, False, False, False]))  0.5 of 2 points
SEEN

"$folder/venv/bin/python" - > "$folder/seen" <<'CODE'
import nbformat
from nbclient import NotebookClient
from nbgrader.utils import determine_grade

LAST_LINES = (
    "0.5",
    "np.float64(0.5)",
    "2 * np.mean([True, False, False, False])",
    "float(2 * np.mean([True, False, False, False]))",
)
cells = [nbformat.v4.new_code_cell("import numpy as np")]
for line in LAST_LINES:
    cells.append(nbformat.v4.new_code_cell(line))
    cells[-1].metadata.nbgrader = {"grade": True, "solution": False, "points": 2, "schema_version": 3}
notebook = nbformat.v4.new_notebook(cells=cells)
NotebookClient(notebook, kernel_name="python3", timeout=300).execute()
for cell in notebook.cells[1:]:
    points, possible = determine_grade(cell)
    print(f"{cell.source:48} {points:g} of {possible:g} points")
CODE
diff "$folder/expected" "$folder/seen"
cat "$folder/seen"
