"""Write what GitHub needs to grade a lab: a template repository, or a bundle for Classroom 50."""

from __future__ import annotations

import shutil
from pathlib import Path

from labkit.checks.scoring import VISIBLE_SEED
from labkit.errors import SourceError
from labkit.files import replacing_folder, write_text
from labkit.grading.autograder.gradescope_zip import TEMPLATES, frame_of, package_files
from labkit.grading.autograder.locked import CPU, locked
from labkit.grading.autograder.settings import FILE, NOTEBOOK, Settings

GRADER = ".github/labkit"
_LEFT_OUT = ("mini", "cli")
"""Rooms that no check needs; Classroom 50 takes bundles of up to 10 MB, and the models have 14."""


def write_github_folder(course: Path | str, folder: Path | str, lab: str) -> Path:
    """Write a template repository for `lab`: its notebook, and a workflow that grades each push.

    The inputs are the visible ones, as students can read what is in their repository.

    Raises:
        InputError: there is no such lab.
        SourceError: a file of the course is missing, or `folder` is there and not empty.
    """
    course = Path(course)
    frame = frame_of(course, lab)
    release = (course / "exercises" / lab / f"{lab}.ipynb").read_text(encoding="utf-8")
    with _new(folder) as made:
        write_text(made / f"{lab}.ipynb", release)
        notes = course / "exercises" / "AGENTS.md"
        if notes.is_file():
            write_text(made / "AGENTS.md", notes.read_text(encoding="utf-8"))
        write_text(made / ".github" / "workflows" / "grade.yml", _text("grade.yml"))
        _grader(made / GRADER, course, lab, frame)
    return Path(folder)


def write_classroom50_folder(course: Path | str, folder: Path | str, lab: str) -> Path:
    """Write the files of `CLASSROOM/autograders/ASSIGNMENT/` of Classroom 50, with autograder.py.

    Raises:
        as `write_github_folder`.
    """
    course = Path(course)
    frame = frame_of(course, lab)
    with _new(folder) as made:
        write_text(made / "autograder.py", _text("autograder.py"))
        _grader(made, course, lab, frame)
    return Path(folder)


def _new(folder: Path | str):  # noqa: ANN202 - a context manager of `files`
    if Path(folder).exists() and (not Path(folder).is_dir() or any(Path(folder).iterdir())):
        raise SourceError(f"{folder} is there and not empty: name another one (--out).")
    return replacing_folder(folder)


def _grader(folder: Path, course: Path, lab: str, frame: str) -> None:
    packages = [f"--extra-index-url {CPU}", *locked(course / "requirements.txt")]
    write_text(folder / "requirements.txt", "\n".join(packages) + "\n")
    write_text(folder / NOTEBOOK, frame)
    write_text(folder / FILE, Settings(lab=lab, seed=VISIBLE_SEED).to_json())
    for name, file in package_files(_LEFT_OUT):
        target = folder / "course" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)


def _text(name: str) -> str:
    return (TEMPLATES / name).read_text(encoding="utf-8")
