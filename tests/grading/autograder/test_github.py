"""What grades a lab on GitHub: the folders that are exported, and the results in both forms."""

import base64
import json
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest
import yaml
from container import ENVIRONMENT, command
from notebooks import cell, release, solved, to_bytes
from places import ROOT
from sandboxed import needs_sandbox

from labkit.checks import REGISTRY, VISIBLE_SEED, Verdict
from labkit.errors import SourceError
from labkit.grading.autograder import github, github_folder
from labkit.grading.submissions.outcomes import Outcome, Scored

LAB = "pruning"
EXERCISES = [exercise for exercise in REGISTRY.values() if exercise.lab == LAB]
GIVEN = {
    "CLASSROOM": "cs101",
    "ASSIGNMENT": LAB,
    "OWNER": "ada",
    "SUBMISSION_TAG": "submit/2026-06-01T14-32-05Z-a1b2c3d",
    "COMMIT_URL": "https://example.org/commit/1",
    "RELEASE_URL": "https://example.org/releases/1",
}
WORKFLOWS = [
    *sorted((ROOT / ".github/workflows").glob("*.yml")),
    *sorted((ROOT / "labkit/grading/autograder/templates").glob("*.yml")),
]


def outcome(*shares, said=""):
    scores = [
        Scored(
            id=exercise.id,
            points=round(exercise.points * share, 4),
            out_of=exercise.points,
            verdicts=(Verdict("property", share == 1, said),),
            seconds=0.5,
        )
        for exercise, share in zip(EXERCISES, shares, strict=False)
    ]
    plain = dict.fromkeys(("reason", "notebook", "submitted", "origin", "key"), "")
    empty = {"errors": (), "remarks": (), "seconds": 1.0}
    return Outcome(student="ada", lab=LAB, status="graded", scores=tuple(scores), **plain, **empty)


def as_documented(result):
    """The rules of `schemas/result-v1.schema.json`, and those that it says are held in code."""
    assert result["schema"] == "classroom50/result/v1"
    for name in ("classroom", "assignment", "owner", "commit", "release", "review"):
        assert isinstance(result[name], str)
        assert result[name]
    assert result["assignment_type"] in ("individual", "group")
    assert result["submission"].startswith("submit/")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", result["datetime"])
    for part in (result, *result["tests"]):
        assert type(part["score"]) is type(part["max-score"]) is int
        assert 0 <= part["score"] <= part["max-score"]
    assert all(test["test-name"] and isinstance(test["passed"], bool) for test in result["tests"])
    for what in ("score", "max-score"):
        assert result[what] == sum(test[what] for test in result["tests"])


def test_classroom_50_gets_whole_numbers_that_never_round_up_to_full():
    found = github.classroom50(outcome(1, 0.99, 0.4, 0), GIVEN, datetime.now(UTC))
    as_documented(found)
    assert [test["passed"] for test in found["tests"]] == [True, False, False, False]
    full = [exercise.points for exercise in EXERCISES]
    assert [test["score"] for test in found["tests"]] == [full[0], full[1] - 1, 2, 0]
    assert found["tests"][1]["points"] == pytest.approx(0.99 * full[1])


def test_github_classroom_gets_a_result_for_its_reporter():
    made = outcome(1, 0.5)
    lines = dict(line.split("=", 1) for line in github.outputs(made).splitlines())
    found = json.loads(base64.b64decode(lines["result"]))
    assert found["status"] == "fail"
    assert found["max_score"] == made.out_of
    assert sum(test["score"] for test in found["tests"]) == made.points
    assert [test["status"] for test in found["tests"]] == ["pass", "fail"]
    assert lines["status"] == "failure"


def test_what_a_check_quotes_stays_code_in_the_report():
    text = github.report(outcome(0, said="got ````\n<img src=x>\n# no heading"))
    fence = text.rstrip().splitlines()[-1]
    assert set(fence) == {"`"}
    assert text.count(fence) == 2


def test_the_template_holds_the_students_notebook_and_nothing_secret(tmp_path):
    folder = github_folder.write_github_folder(ROOT, tmp_path / "template", LAB)
    assert (folder / f"{LAB}.ipynb").read_bytes() == (
        ROOT / f"exercises/{LAB}/{LAB}.ipynb"
    ).read_bytes()
    settings = json.loads((folder / ".github/labkit/settings.json").read_text())
    assert settings["seed"] == VISIBLE_SEED
    assert (folder / ".github/workflows/grade.yml").is_file()
    with pytest.raises(SourceError, match="not empty"):
        github_folder.write_github_folder(ROOT, folder, LAB)


@needs_sandbox
@pytest.mark.slow
@pytest.mark.full
def test_a_push_is_graded(tmp_path):
    folder = github_folder.write_classroom50_folder(ROOT, tmp_path / "bundle", LAB)
    checkout = tmp_path / "checkout"
    checkout.mkdir()
    notebook, last = solved(LAB), f"{EXERCISES[-1].grade_id}-answer"
    cell(notebook, last).source = cell(release(LAB), last).source
    (checkout / f"{LAB}.ipynb").write_bytes(to_bytes(notebook))
    variables = [f"{name}={value}" for name, value in GIVEN.items()]
    python = [f"{ENVIRONMENT}/bin/python", "-P", "-m", "labkit.grading.autograder.github"]
    grade = ["env", "--chdir=/checkout", "PYTHONPATH=/bundle/course", "OMP_NUM_THREADS=1"]
    folders = {folder: "/bundle", checkout: "/checkout"}
    words = command(folders, [*grade, *variables, *python, "/bundle"], bubblewrap=False)
    done = subprocess.run(words, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((checkout / "result.json").read_text())
    as_documented(found)
    right = [test["passed"] for test in found["tests"]]
    assert right == [True] * (len(EXERCISES) - 1) + [False], done.stdout
    assert (checkout / "release-body.md").read_text().startswith(f"### {LAB}: ")


def test_the_program_of_classroom_50_is_valid_python():
    path = ROOT / "labkit/grading/autograder/templates/autograder.py"
    compile(path.read_text(), str(path), "exec")


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_say_only_what_can_be_run_by_hand(path):
    """Their parts and commands; `make lint-workflows` has actionlint look at all of them."""
    flow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert {"name", "jobs", "permissions"} <= flow.keys()
    targets = re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for job in flow["jobs"].values():
        needs = job.get("needs", [])
        assert set(needs if isinstance(needs, list) else [needs]) <= flow["jobs"].keys()
        assert "timeout-minutes" in job or "environment" in job
        for step in job["steps"]:
            assert ("uses" in step) != ("run" in step)
            if "uses" in step:
                assert re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"])
                continue
            words = step["run"].split()
            assert words[0] in ("make", "python", "sudo")
            if words[0] == "make":
                assert words[1] in targets
            script = re.sub(r"\$\{\{.*?\}\}", "x", step["run"])
            if sys.platform != "win32":
                assert subprocess.run(["bash", "-n", "-c", script]).returncode == 0


def test_the_matrix_is_what_the_readme_names():
    flow = yaml.safe_load((ROOT / ".github/workflows/course.yml").read_text(encoding="utf-8"))
    matrix = flow["jobs"]["test"]["strategy"]["matrix"]
    assert matrix["python"] == ["3.11", "3.12", "3.13"]
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "macos", "windows"}
