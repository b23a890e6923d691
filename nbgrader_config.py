"""Stock nbgrader on this repository: run its commands in the folder that holds this file.

nbgrader's source folder is `solutions/`, its release folder `exercises/`.  Set the environment
variable LABKIT_GRADING_SEED to a text of your own before `nbgrader autograde`: the inputs of the
graded cells are drawn from it.
"""

import os
import sys
from pathlib import Path

from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbgrader.preprocessors import ClearHiddenTests, GetGrades

c = get_config()

# nbgrader starts `alembic` by its name: it is found in an environment that is not activated, too.
_SCRIPTS = str(Path(sys.executable).parent)
if _SCRIPTS not in os.environ.get("PATH", "").split(os.pathsep):
    os.environ["PATH"] = os.pathsep.join([_SCRIPTS, os.environ.get("PATH", "")])

# Kernels run in bubblewrap: no network, no sight of solutions, gradebook and other submissions.
# This is for stock `nbgrader autograde`; `labkit grade` has its own way into the sandbox.
if os.environ.get("LABKIT_SANDBOX"):
    os.environ["JUPYTER_DEFAULT_PROVISIONER_NAME"] = "labkit-sandbox"

c.CourseDirectory.course_id = "llm-sparsity-lab"
c.CourseDirectory.source_directory = "solutions"
c.CourseDirectory.release_directory = "exercises"
# The text that a lab is generated from stands beside it and holds the solutions.
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback", "*.py"]

# exercises/ is under version control, so it always exists: without force the command would skip
# the lab and leave it out of the gradebook.
c.GenerateAssignment.force = True
c.ClearSolutions.code_stub = {"python": "# Your code here\nraise NotImplementedError"}
c.ClearSolutions.text_stub = "Your answer here"

# A check ends an endless loop after seconds; this is for what a check cannot end.
c.Execute.timeout = 180
# A deleted graded cell comes back, and with it the points for a right answer above it.
c.OverwriteCells.add_missing_cells = True

# A feedback page shows each cell's source: the hidden lines are taken out of it.
c.GenerateFeedback.preprocessors = [GetGrades, ClearHiddenTests, CSSHTMLHeaderPreprocessor]

# Formgrader shows what students wrote on a page with the rights of whoever grades, and stock
# nbgrader leaves scripts in it.
c.HTMLExporter.filters = {"strip_files_prefix": "labkit.grading.reports.inert_html.inert"}
c.HTMLExporter.sanitize_html = True  # of outputs that `nbgrader autograde` keeps
