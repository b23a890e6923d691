"""The exchange by commands alone, where everybody has an account of the system.

Two courses, and a class in which somebody hands in twice, somebody late, and somebody who is in no
list.  The course's package belongs to root: nobody can write into it.
"""

import csv
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path

import pytest
from container import ENVIRONMENT, command
from hub import LAB
from notebooks import ROOT, cell, release, solved, to_bytes
from sandboxed import needs_sandbox

from labkit.checks import REGISTRY

pytestmark = [pytest.mark.hub_class, pytest.mark.slow]

CODE = [exercise for exercise in REGISTRY.values() if exercise.lab == LAB]
FULL = sum(exercise.points for exercise in CODE)
ACCOUNTS = {"teacher": 6001, "ada": 6002, "ben": 6003, "eve": 6004}
SETTINGS = """\
c = get_config()
c.Exchange.root = "/exchange"
c.Exchange.path_includes_course = True
c.Execute.timeout = 180
"""
ZERO = 'c.LateSubmissionPlugin.penalty_method = "zero"\n'  # as the guide has it
RUNS = "/opt/course/tests/hub_class/commands.py"


@pytest.fixture
def run(tmp_path):
    """`run(account, line, …)` → what the lines say, run in the account's home."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("accounts of their own need root")
    homes, settings = tmp_path / "homes", tmp_path / "settings"
    for folder in (homes, settings, tmp_path / "exchange"):
        folder.mkdir(0o777)
        folder.chmod(0o777)
    lines = ["root:x:0:0::/root:/bin/sh"]
    for name, number in ACCOUNTS.items():
        (homes / name).mkdir(0o700)
        os.chown(homes / name, number, number)
        lines.append(f"{name}:x:{number}:{number}::/people/{name}:/bin/sh")
    (settings / "passwd").write_text("\n".join(lines) + "\n")
    (settings / "nbgrader_config.py").write_text(SETTINGS)
    for kind, notebook in handed_in().items():
        (settings / f"{kind}.ipynb").write_bytes(to_bytes(notebook))
    environment = Path(sys.prefix).resolve()
    read_only = {
        ROOT / "labkit": "/opt/course/labkit",
        Path(__file__).parent: str(Path(RUNS).parent),
        settings: "/opt/settings",
        settings / "passwd": "/etc/passwd",
        environment: str(environment),  # where its programs look for Python
    }

    def run(account, *lines):
        number = str(ACCOUNTS[account])
        words = ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", "env"]
        words += [f"--chdir=/people/{account}", f"HOME=/people/{account}", f"USER={account}"]
        words += [
            "PYTHONPATH=/opt/course",
            "JUPYTER_CONFIG_PATH=/opt/settings",
            "OMP_NUM_THREADS=1",
        ]
        words += ["COLUMNS=200", f"PATH={environment}/bin:/usr/bin:/bin"]
        words += [f"{ENVIRONMENT}/bin/python", RUNS, *lines]
        folders = {homes: "/people", tmp_path / "exchange": "/exchange"}
        words = command(folders, words, bubblewrap=True, read_only=read_only)
        done = subprocess.run(words, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def handed_in():
    half = solved(LAB)
    for exercise in CODE[1:]:
        id = f"{exercise.grade_id}-answer"
        cell(half, id).source = cell(release(LAB), id).source
    return {"solved": solved(LAB), "half": half, "blank": release(LAB)}


@needs_sandbox
def test_two_courses_and_a_class_with_all_kinds_of_submissions(run, tmp_path):
    course = {name: tmp_path / "homes" / "teacher" / name for name in ("one", "two")}
    own = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    for name, folder in course.items():
        folder.mkdir()
        config = f'{own}\nc.CourseDirectory.course_id = "{name}"\n{ZERO if name == "one" else ""}'
        (folder / "nbgrader_config.py").write_text(config)
        (folder / "students.csv").write_text("id,email\nada,ada@example.org\nben,ben@example.org\n")
        (folder / "roster.csv").write_text("student,name\nada,Ada Lovelace\nben,Ben Ali\n")
        for kind in ("solutions", "exercises"):
            (folder / kind / LAB).mkdir(parents=True)
            notebook = f"{kind}/{LAB}/{LAB}.ipynb"
            (folder / notebook).write_bytes((ROOT / notebook).read_bytes())
    subprocess.run(["chown", "-R", "6001:6001", course["one"].parent], check=True)

    begin = [f"nbgrader generate_assignment {LAB}", f"nbgrader release_assignment {LAB}"]
    run("teacher", "cd one", *begin, "cd ../two", *begin)
    said = run(
        "ada",
        f"nbgrader fetch_assignment {LAB} --course one",
        f"nbgrader fetch_assignment {LAB} --course two",
        *hand_in("one", "blank"),
        *hand_in("one", "solved"),
        f"nbgrader validate one/{LAB}/{LAB}.ipynb",
        *hand_in("two", "half"),
    )
    assert "Success! Your notebook passes all the tests." in said
    # What libraries keep lies with the user: the package and the environment are root's.
    assert (tmp_path / "homes" / "ada" / ".cache" / "matplotlib").is_dir()
    for student in ("eve", "ben"):
        fetch = f"nbgrader fetch_assignment {LAB} --course one"
        run(student, fetch, *hand_in("one", "half" if student == "eve" else "solved"))
    times = submissions(tmp_path / "exchange" / "one")
    assert len(times["ada"]) == 2
    due = times["eve"][0] + (times["ben"][0] - times["eve"][0]) / 2
    grade = f"labkit grade {LAB} --seed ours --roster roster.csv --workers 1"
    release_it = [f"nbgrader {step} {LAB}" for step in ("generate_feedback", "release_feedback")]
    said = run(
        "teacher",
        "cd one",
        f"nbgrader db assignment add {LAB} --duedate '{due:%Y-%m-%d %H:%M:%S.%f} UTC'",
        "nbgrader db student import students.csv",
        f"nbgrader collect {LAB}",
        grade,
        *release_it,
        "nbgrader export",
        "cd ../two",
        "nbgrader db student import students.csv",
        f"nbgrader collect {LAB}",
        grade,
        *release_it,
        "nbgrader export",
    )
    assert "note: 1 not in the roster: 'eve'" in said
    assert grades(course["one"]) == {
        "ada": (FULL, FULL),
        "ben": (FULL, 0),
        "eve": (CODE[0].points, CODE[0].points),
    }
    assert grades(course["two"]) == {"ada": (CODE[0].points, CODE[0].points), "ben": (0, 0)}

    run("ada", *(f"nbgrader fetch_feedback {LAB} --course {name}" for name in course))
    assert len(feedback(tmp_path, "ada", "one")) == len(feedback(tmp_path, "ada", "two")) == 1
    run("ada", *hand_in("two", "solved"))
    run(
        "teacher",
        "cd two",
        f"nbgrader collect {LAB} --update",
        grade,
        *release_it,
        "nbgrader export",
    )
    assert grades(course["two"])["ada"] == (FULL, FULL)
    assert grades(course["one"])["ada"] == (FULL, FULL)
    run("ada", f"nbgrader fetch_feedback {LAB} --course two")
    pages = feedback(tmp_path, "ada", "two")
    assert len(pages) == 2 and pages[0] != pages[1]

    # Nobody sees what others handed in, or how they did.
    places = ("/exchange/one/inbound", "/exchange/one/feedback", "/people/teacher", "/people/ada")
    run("ben", *(f"closed {place}" for place in places))


def hand_in(course, kind):
    """Lines that put an answer in place and hand it in."""
    copy = f"cp /opt/settings/{kind}.ipynb {course}/{LAB}/{LAB}.ipynb"
    return [copy, f"nbgrader submit {LAB} --course {course}"]


def submissions(course):
    """When each student handed in, by the exchange's own times."""
    found = {}
    for folder in sorted((course / "inbound").iterdir()):
        text = (folder / "timestamp.txt").read_text().strip()
        found.setdefault(folder.name.partition("+")[0], []).append(
            datetime.strptime(text, "%Y-%m-%d %H:%M:%S.%f UTC")
        )
    return found


def grades(folder):
    """By student: the points before and after what lateness costs."""
    with (folder / "grades.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {row["student_id"]: (float(row["raw_score"]), float(row["score"])) for row in rows}


def feedback(tmp_path, student, course):
    """The pages that a student has fetched, by the time of the submission."""
    folder = tmp_path / "homes" / student / course / LAB / "feedback"
    return [path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.html"))]
