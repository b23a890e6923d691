"""What runs on GitHub's machines: from a repository to a result, for GitHub and Classroom 50.

`python -m labkit.grading.autograder.github SOURCE`, in the checkout of the student's repository.
The inputs are the visible ones: students could read others here.  Written are `result.json`, the
report as Markdown, and what the workflow hands on.

The forms: `classroom50/result/v1` ("Advanced Autograding", wiki of foundation50/classroom50, and
`schemas/result-v1.schema.json` there); the result of a grader of GitHub Classroom
(`src/main.js` of classroom-resources/autograding-command-grader).
"""

from __future__ import annotations

import base64
import json
import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from labkit.checks import TASKS
from labkit.checks.process.host import Host
from labkit.checks.registry import libraries_of
from labkit.checks.scoring import lines
from labkit.errors import LabkitError
from labkit.files import write_text
from labkit.grading.autograder.one_folder import grade_folder
from labkit.grading.autograder.settings import NOTEBOOK, Settings
from labkit.grading.reports.feedback import clean, feedback, shown
from labkit.grading.running.hosts import open_host, open_host_in_container
from labkit.grading.sandbox.limits import Limits
from labkit.grading.sandbox.other_user import problem
from labkit.grading.submissions.outcomes import Outcome, Scored
from labkit.own_process import import_no_more_than_needed

RESULT, REPORT = "result.json", "release-body.md"
_ERROR = 1


def main() -> None:
    """Grade the checkout in this folder; exit code 0 whenever there is a result."""
    import_no_more_than_needed()
    source = Path(sys.argv[1]).resolve()
    try:
        settings = Settings.read(source)
        frame = (source / NOTEBOOK).read_text(encoding="utf-8")
        # The student's own machine for an hour: without root it is graded all the same.
        libraries = libraries_of(settings.lab).answers
        possible = problem() is None
        hosts = open_host_in_container(Limits(), libraries) if possible else _unprotected()
        with hosts as (host, isolation):
            outcome = clean(grade_folder(Path(), settings.lab, settings.seed, frame, host))
    except (LabkitError, OSError) as error:
        print(f"the grader failed, and gave no result: {error}", file=sys.stderr)
        raise SystemExit(_ERROR) from None
    print(feedback(outcome))
    print(f"isolation of the submission's code: {isolation}")
    write_text(REPORT, report(outcome))
    given = os.environ
    if given.get("CLASSROOM"):
        text = json.dumps(classroom50(outcome, given, datetime.now(UTC)), indent=1)
        write_text(RESULT, text + "\n")
    for variable, content in (
        ("GITHUB_STEP_SUMMARY", report(outcome)),
        ("GITHUB_OUTPUT", outputs(outcome)),
    ):
        if given.get(variable):
            with Path(given[variable]).open("a", encoding="utf-8") as file:
                file.write(content)


@contextmanager
def _unprotected() -> Iterator[tuple[Host, str]]:
    with open_host(Limits(), sandbox=False) as host:
        yield host, "none: its code ran with the rights of the workflow"


def classroom50(outcome: Outcome, given: Mapping[str, str], when: datetime) -> dict[str, Any]:
    """The outcome as `classroom50/result/v1` has it.

    Its scores are whole numbers: those of an exercise are rounded, and one that is not all right is
    never rounded up to full; `points` beside it are exact.  `given` is the environment that the
    runner sets; owner and type of the assignment are stamped by the runner again.
    """
    tests = [
        {
            "test-name": _title(score),
            "passed": score.points >= score.out_of,
            "score": _whole(score),
            "max-score": score.out_of,
            "points": score.points,
            "output": "\n".join(lines(score.verdicts)),
        }
        for score in outcome.scores
    ]
    commit = given.get("COMMIT_URL", "")
    return {
        "schema": "classroom50/result/v1",
        "classroom": given["CLASSROOM"],
        "assignment": given.get("ASSIGNMENT", ""),
        "assignment_type": given.get("ASSIGNMENT_TYPE") or "individual",
        "owner": given.get("OWNER") or given.get("USERNAME", ""),
        "submission": given.get("SUBMISSION_TAG", ""),
        "commit": commit,
        "release": given.get("RELEASE_URL", ""),
        "review": given.get("REVIEW_URL") or commit,
        "datetime": when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "score": sum(test["score"] for test in tests),
        "max-score": outcome.out_of,
        "tests": tests,
    }


def github_classroom(outcome: Outcome) -> dict[str, Any]:
    """The outcome as GitHub Classroom's reporter takes it from a step."""
    tests = [
        {
            "name": _title(score),
            "status": "pass" if score.points >= score.out_of else "fail",
            "score": score.points,
            "message": "\n".join(lines(score.verdicts)),
            "test_code": "",
            "filename": "",
            "line_no": 0,
            "duration": round(1000 * score.seconds),
        }
        for score in outcome.scores
    ]
    complete = outcome.points >= outcome.out_of
    return {
        "version": 1,
        "status": "pass" if complete else "fail",
        "max_score": outcome.out_of,
        "tests": tests,
    }


def report(outcome: Outcome) -> str:
    """The outcome as Markdown, for the summary of a run."""
    said = [f"### {outcome.lab}: {shown(outcome.points)} of {outcome.out_of} points", ""]
    if outcome.status != "graded":
        said += [f"Not all of it could be graded: {_plain(outcome.reason)}", ""]
    said += ["| exercise | points | of |", "|:--|--:|--:|"]
    said += [f"| {_title(s)} | {shown(s.points)} | {s.out_of} |" for s in outcome.scores]
    # As code: what a check quotes of an answer is no Markdown.
    return "\n".join([*said, "", *_fenced(feedback(outcome)), ""]) + "\n"


def outputs(outcome: Outcome) -> str:
    """Lines for GITHUB_OUTPUT: `result` for GitHub Classroom, `status` and `summary`."""
    encoded = base64.b64encode(json.dumps(github_classroom(outcome)).encode()).decode()
    complete = outcome.points >= outcome.out_of
    summary = f"{shown(outcome.points)} of {outcome.out_of} points"
    status = "success" if complete else "failure"
    return f"result={encoded}\nstatus={status}\nsummary={summary}\n"


def _title(score: Scored) -> str:
    return TASKS[score.id].title if score.id in TASKS else score.id


def _whole(score: Scored) -> int:
    rounded = int(score.points + 0.5)
    return score.out_of if score.points >= score.out_of else min(rounded, score.out_of - 1)


def _plain(text: str) -> str:
    return "".join("\\" + c if c in "\\`*_[]<>|#" else c for c in text)


def _fenced(text: str) -> list[str]:
    runs = re.findall("`+", text)
    fence = "`" * max(3, 1 + max(map(len, runs), default=0))
    return [fence, text.rstrip(), fence]


if __name__ == "__main__":
    main()
