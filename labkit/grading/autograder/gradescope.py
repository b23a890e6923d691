"""What runs in Gradescope's container: from /autograder/submission to results.json.

`python -m labkit.grading.autograder.gradescope /autograder`.  Each submission gets a result file,
with the reason where there is nothing to grade.  Only where the fault is not the submission's (no
isolation, no process) is there none, and exit code 1: Gradescope then reports that the autograder
failed, and nobody is recorded with 0.  What is printed is for the instructor.

The form of the file: "Autograder Specifications",
gradescope-autograders.readthedocs.io/en/latest/specs.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from labkit.checks.registry import libraries_of
from labkit.errors import LabkitError
from labkit.files import write_text
from labkit.grading.autograder.one_folder import grade_folder
from labkit.grading.autograder.settings import NOTEBOOK, Settings
from labkit.grading.reports.exports import gradescope
from labkit.grading.reports.feedback import clean
from labkit.grading.running.hosts import open_host_in_container
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.other_user import closed
from labkit.grading.submissions.outcomes import Outcome
from labkit.own_process import import_no_more_than_needed

TOGETHER = 420.0  # seconds for all that is done with a submission; Gradescope ends it after 600
LOADING = 120.0
MEMORY = Path("/sys/fs/cgroup/memory.max")
_OURS = 2**30  # bytes that the grader itself takes


def main() -> None:
    """Grade the submission in the folder that the argument names; see the module."""
    root = Path(sys.argv[1])
    import_no_more_than_needed()
    source, results = root / "source", root / "results"
    try:
        # Before anything of the submission is looked at: what it must not see or change.
        for place in (source, results, root / "submission_metadata.json"):
            if place.exists():
                closed(place)
        settings = Settings.read(source)
        frame = (source / NOTEBOOK).read_text(encoding="utf-8")
        libraries = libraries_of(settings.lab).answers
        with open_host_in_container(_limits(), libraries) as (host, isolation):
            print(f"isolation of the submission's code: {isolation}", flush=True)
            outcome = grade_folder(root / "submission", settings.lab, settings.seed, frame, host)
    except (LabkitError, OSError) as error:
        print(
            f"the autograder failed, and gave no score: {error}. This is no fault of the "
            "submission: mend it, and use Regrade All Submissions.",
            flush=True,
        )
        raise SystemExit(1) from None
    for remark in outcome.remarks:
        print(f"remark: {remark}")
    text = json.dumps(result(outcome, settings, isolation), indent=1, ensure_ascii=False)
    write_text(results / "results.json", text + "\n")


def result(outcome: Outcome, settings: Settings, isolation: str) -> dict[str, Any]:
    """The outcome as results.json has it: a test per exercise, seen when `settings` say so."""
    made = gradescope(clean(outcome))
    for test in made["tests"]:
        test["visibility"] = settings.visibility
    made["extra_data"] = {
        "status": outcome.status,
        "isolation": isolation,
        "remarks": list(outcome.remarks),
    }
    return made


def _limits() -> Limits:
    """Those of a submission, within what the container has."""
    limits = replace(Limits(), together=TOGETHER, loading=LOADING)
    try:
        memory = int(MEMORY.read_text()) - _OURS
    except (OSError, ValueError):  # no limit of its own, or an older way to say it
        return limits
    return replace(limits, memory=max(2**29, min(limits.memory, memory)))


if __name__ == "__main__":
    main()
