"""nbgrader's exchange, from release to the feedback that a student fetches, with `labkit grade`."""

import copy
import shutil
import time
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from nbgrader.auth import Authenticator
from nbgrader.converters import GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.exchange.default import (
    ExchangeCollect,
    ExchangeFetchAssignment,
    ExchangeFetchFeedback,
    ExchangeReleaseAssignment,
    ExchangeReleaseFeedback,
    ExchangeSubmit,
)
from notebooks import ROOT, solved, to_bytes

from labkit.grading.gradebook import handed_in_files
from labkit.grading.gradebook.course import Course
from labkit.grading.gradebook.database import create
from labkit.grading.gradebook.handed_in_files import kept, write
from labkit.grading.gradebook.record_scores import record
from labkit.grading.running.one_submission import not_graded
from labkit.grading.submissions.archive import files_in
from labkit.grading.submissions.intake import taking_in

LAB = "pruning"


@pytest.fixture
def course(tmp_path):
    root = tmp_path / "course"
    for folder in ("solutions", "exercises"):
        shutil.copytree(ROOT / folder / LAB, root / folder / LAB)
    (tmp_path / "exchange").mkdir()
    (tmp_path / "exchange").chmod(0o777)
    config = (ROOT / "nbgrader_config.py").read_text(encoding="utf-8")
    place = str(tmp_path / "exchange")
    (root / "nbgrader_config.py").write_text(f"{config}\nc.Exchange.root = {place!r}\n")
    return Course.open(root)


@pytest.fixture
def person(course, tmp_path, monkeypatch):
    """`person(name)` → nbgrader for somebody, in a folder of their own; the course for nobody."""

    def become(name=""):
        folder = tmp_path / name if name else course.root
        folder.mkdir(exist_ok=True)
        monkeypatch.chdir(folder)
        config = copy.deepcopy(course.config)
        config.CourseDirectory.root = str(folder)
        if name:  # stands for the account that nbgrader would ask for
            config.CourseDirectory.student_id = name
        config.Exchange.assignment_dir = str(folder)
        config.Exchange.cache = str(tmp_path / "caches" / name)
        return config

    return become


def exchange(step, config, **settings):
    """A step of the exchange, as nbgrader's command of that name takes it."""
    directory = CourseDirectory(config=config, assignment_id=LAB)
    step(
        coursedir=directory, authenticator=Authenticator(config=config), config=config, **settings
    ).start()


def convert(step, config, **settings):
    directory = CourseDirectory(config=config, assignment_id=LAB)
    step(coursedir=directory, config=config, force=True, **settings).start()


def submit(config, notebook, files):
    folder = Path.cwd() / LAB
    for name, data in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / f"{LAB}.ipynb").write_bytes(to_bytes(notebook))
    exchange(ExchangeSubmit, config)


def graded(course, reason):
    """As `labkit grade` does it, but that no code is run: each gets no points for a reason."""
    source = course.source(LAB)
    with taking_in(course.submitted, LAB) as taken:
        outcomes = [not_graded(one, source, f"{reason} of {one.student}") for one in taken.handed]
        return record(course, LAB, source, outcomes, beside=taken.beside)


@pytest.mark.slow
def test_from_release_to_the_feedback_that_a_student_reads(course, person):
    teacher = person()
    create(course.gradebook, course.course_id)
    with Gradebook(f"sqlite:///{course.gradebook}", course.course_id) as book:
        book.add_assignment(LAB, duedate="2020-03-01 20:00:00 UTC")
    convert(GenerateAssignment, teacher)
    exchange(ExchangeReleaseAssignment, teacher)
    data = {"data/table.csv": b"1,2\n", "evil.html": b"<script>", "notes.txt": b"to myself"}
    for student, files in (("ada", data), ("ben", {})):
        exchange(ExchangeFetchAssignment, person(student))
        submit(person(student), solved(LAB), files)
    exchange(ExchangeCollect, person())
    assert graded(course, "the first time") == 2
    handed, autograded = (course.root / s / "ada" / LAB for s in ("submitted", "autograded"))
    assert (autograded / "data/table.csv").read_bytes() == b"1,2\n"
    assert (autograded / "notes.txt").exists() and not (autograded / "evil.html").exists()
    secret = (handed / "submission_secret.txt").read_text()
    assert (autograded / "submission_secret.txt").read_text() == secret
    assert graded(course, "the first time") == 0

    _give_back(person())
    for student in ("ada", "ben"):
        (page,) = _fetched(person(student))
        assert f"the first time of {student}" in page

    time.sleep(1.1)  # the exchange's times have seconds
    submit(person("ada"), solved(LAB), data)
    exchange(ExchangeCollect, person(), update=True)
    assert graded(course, "the first time") == 1  # another time
    assert graded(course, "again") == 2
    _give_back(person())
    pages = _fetched(person("ada"))
    assert ["again of ada" in page for page in pages] == [False, True]
    assert _seconds_late(course, "ada") > 0


def _give_back(config):
    convert(GenerateFeedback, config)
    exchange(ExchangeReleaseFeedback, config)


def _fetched(config):
    """The feedback pages of the student whose folder this is, by the time of the submission."""
    exchange(ExchangeFetchFeedback, config)
    return [path.read_text() for path in sorted(Path(LAB, "feedback").rglob("*.html"))]


def _seconds_late(course, student):
    with Gradebook(f"sqlite:///{course.gradebook}", course.course_id) as book:
        return book.find_submission(LAB, student).total_seconds_late


def listed(folder, files):
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    with files_in(folder) as found:
        return found


def test_what_is_kept_of_a_student(tmp_path):
    names = [
        "pruning/pruning.ipynb",
        "pruning/b.ipynb",
        "pruning/timestamp.txt",
        "pruning/a/x.ipynb",
    ]
    names += ["pruning/a/timestamp.txt", "pruning/x.CSV", "pruning/page.HTML", "pruning/p.svg"]
    names += ["pruning/submission_secret.txt", "pruning/a.xml", "pruning/a.mht", "pruning/p.png"]
    found = listed(tmp_path / "in", {name: name.encode() for name in names})
    files = kept(found, LAB)
    assert set(files) == {
        *("a/x.ipynb", "a/timestamp.txt", "x.CSV", "page.HTML.txt", "p.svg.txt"),
        *("submission_secret.txt", "a.xml.txt", "a.mht.txt", "p.png"),
    }
    assert write(files, tmp_path / "out") == ""
    assert (tmp_path / "out/a/x.ipynb").read_bytes() == b"pruning/a/x.ipynb"


def test_what_is_not_kept_is_told(tmp_path, monkeypatch):
    listed(tmp_path / "in", {"a.bin": bytes(60), "b.bin": bytes(60), "c.bin": bytes(20)})
    (tmp_path / "in/secret").symlink_to("/etc/passwd")
    with files_in(tmp_path / "in") as found:
        files = kept(found, LAB)
        monkeypatch.setattr(handed_in_files, "MOST_BYTES", 100)
        said = write(files, tmp_path / "out")
    assert said.startswith("2 files beside the notebook were not kept: b.bin (they have more than")
    assert "secret (secret: it is a link" in said
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.bin", "c.bin"]
    monkeypatch.setattr(handed_in_files, "MOST_FILES", 1)
    assert "there are more than 1" in write(files, tmp_path / "few")
