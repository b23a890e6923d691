"""What workers of every lab import: those of this machine are forked from a process that has it.

Behind it come the libraries of the lab, and `imports_end`.  Nothing here may start a thread: a fork
would miss it.
"""

import gc
import os
from importlib import import_module

from labkit.own_process import import_no_more_than_needed

_MODULES = (
    "distributed",
    "nbformat",
    "torch",
    "labkit.grading.running.worker_state",
    "labkit.grading.submissions.assemble",
    "labkit.grading.submissions.read_notebook",
)

os.environ.pop("PYTHONSAFEPATH", None)  # for this process alone, see `labkit.cluster`
import_no_more_than_needed()
# What is imported stays: looking through it for garbage takes a tenth of the time.
gc.disable()
for _name in _MODULES:
    import_module(_name)
