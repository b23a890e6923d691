"""The commands of the guide for instructors, run as they stand on the sample class."""

import csv
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import warm
from places import ROOT
from sample import CLASS, LAB, SEED, write_class
from turns import on_day

from labkit.grading.sandbox.bubblewrap import problem

GUIDE = (ROOT / "book/for-instructors.md").read_text(encoding="utf-8")


# Each notebook costs seconds.  The others are right, wrong, open or alike in ways that other tests
# grade, and one is endless: it has to run out of its time.
FEW = ("benedikt", "dmitri", "hiro", "jonas")


@pytest.mark.slow
@pytest.mark.parametrize(
    "people",
    [
        pytest.param(tuple(p for p in CLASS if p.student in FEW), id="few", marks=on_day(1)),
        pytest.param(CLASS, id="all", marks=pytest.mark.full),
    ],
)
def test_a_term_as_the_guide_has_it(people, tmp_path):
    write_class(tmp_path, people)
    for folder in ("solutions", "exercises"):
        shutil.copytree(ROOT / folder / LAB, tmp_path / folder / LAB)
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    commands = "".join(re.findall("```sh\n(.*?)```", GUIDE, re.DOTALL))
    assert f'LABKIT_GRADING_SEED="{SEED}"' in commands
    if problem() is not None:
        commands = commands.replace(
            f"labkit grade {LAB}", f"labkit grade {LAB} --unsafe-no-sandbox"
        )
    programs = tmp_path / "programs"
    warm.program(programs / "labkit", "labkit.cli")
    warm.program(programs / "nbgrader", "nbgrader")
    path = os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euxc", commands],
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    with (tmp_path / "grades.csv").open(encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert rows.keys() == {person.student for person in people}
    for person in people:
        assert float(rows[person.student]["raw_score"]) == pytest.approx(
            sum(person.points), abs=1e-3
        ), person.name
    hidden = re.compile("HIDDEN TESTS|LABKIT_GRADING_SEED|grading_seed")
    readable = [person for person in people if person.answers]
    for person in readable:
        page = (tmp_path / "feedback" / person.student / LAB / f"{LAB}.html").read_text()
        assert "passed" in page or "failed" in page
        assert not hidden.search(page)
    assert (tmp_path / "graded" / LAB / "report.html").exists()
    texts = list((tmp_path / "graded" / LAB).rglob("*.txt"))
    assert len(texts) == len(people)
