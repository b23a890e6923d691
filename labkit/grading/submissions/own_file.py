"""Read a student's own file as a grader would: whatever its name, form or state."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.checks.registry import LABS
from labkit.errors import InputError
from labkit.grading.submissions.archive import File, content
from labkit.grading.submissions.choose_file import Pick, pick_notebook
from labkit.grading.submissions.match_cells import tasks_found
from labkit.grading.submissions.read_notebook import MENDED, read_notebook
from labkit.labs.workspace import COURSE

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class OwnFile:
    """A notebook of `lab` as it can be run, and what was mended in it or is odd about it."""

    lab: str
    notebook: NotebookNode
    remarks: tuple[str, ...]


def read_own_file(path: Path | str, course: Path | str = COURSE) -> OwnFile:
    """The file at `path`, put into the notebook of `course` with which its lab begins.

    A notebook, also under another name or in a zip archive, or a .py file.

    Raises:
        InputError: the file is missing, or holds no notebook or no exercise of the course.
    """
    path = Path(path)
    if path.is_dir():
        inside = sorted(path.glob("*.ipynb"))
        raise InputError(
            f"{path} is a folder; name a notebook"
            + (f", for example {inside[0]}." if inside else f"; there is none in {path}.")
        )
    if not path.exists():
        raise InputError(f"{path}: no such file.")
    file = File((path.name,), path.name, partial(content, path))
    picks = {lab: pick_notebook([file], lab, timed=False) for lab in LABS}
    read = {lab: pick for lab, pick in picks.items() if pick.data is not None}
    if not read:
        said = next(iter(picks.values())).problem
        raise InputError(f"{path}: {said}")
    lab, notebook = _of_lab(path, read)
    remarks = tuple(read[lab].remarks)
    source = Path(course) / "exercises" / lab / f"{lab}.ipynb"
    if not source.is_file():
        missing = f"{source} is missing, so that your file was not compared with it"
        return OwnFile(lab, notebook, (*remarks, *notebook.metadata[MENDED], missing))
    import nbformat

    from labkit.grading.submissions.assemble import assemble, runnable

    frame = nbformat.reads(source.read_text(encoding="utf-8"), as_version=4)
    for cell in frame.cells:  # the notebook that grading starts from has neither
        for key in ("checksum", "cell_type"):
            cell.metadata.get("nbgrader", {}).pop(key, None)
    whole, more = assemble(frame, notebook)
    return OwnFile(lab, runnable(whole), (*remarks, *more))


def _of_lab(path: Path, picks: dict[str, Pick]) -> tuple[str, NotebookNode]:
    """The lab of which the file holds most exercises, and its cells."""
    try:
        found = {lab: read_notebook(pick.data or b"") for lab, pick in picks.items()}
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    signs = {lab: tasks_found(notebook.cells, lab) for lab, notebook in found.items()}
    lab = max(signs, key=lambda lab: signs[lab])
    if not signs[lab]:
        raise InputError(f"{path} holds no exercise of this course; see `labkit start --help`.")
    return lab, found[lab]
