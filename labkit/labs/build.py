"""Generate the notebooks of the labs from one text each.

A person edits `solutions/<lab>/<lab>.py` (py:percent, as jupytext reads it).  From it come
`solutions/<lab>/<lab>.ipynb`, nbgrader's source version, and `exercises/<lab>/<lab>.ipynb`, what
students get.  A cell of the text says what it is for in its first line:

    # %% [markdown] overview="pruning"                  the table of the lab's exercises is added
    # %% [markdown] exercise="pruning.magnitude_mask"   title, points and time are put on top
    # %% answer="pruning.magnitude_mask"                the cell that students fill in
    # %% check="pruning.magnitude_mask"                 the visible check
    # %% grade="pruning.magnitude_mask"                 the graded cell, with its hidden lines
    # %% [markdown] written="weights.reading"           the answer to a question in words

A written question has an `exercise` and a `written` cell; its rubric is added to the first.

Points and titles come from `labkit.checks.REGISTRY`.  The id of a cell is made of its exercise and
what it is for; other cells are counted within their exercise, so that a new one leaves the ids of
other exercises as they are.  The same text always gives the same bytes.  Once `_config.yml` states
the course's public address, a cell that installs labkit where it is missing, as on Colab, comes
first.
"""

import logging
import shutil
import tempfile
from collections import Counter
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

from labkit.checks import TASKS, Exercise, Written
from labkit.errors import InputError, SourceError
from labkit.files import write_text
from labkit.labs.address import course_address
from labkit.labs.answers import answers_page
from labkit.labs.cell_text import heading, nbgrader_metadata, overview_table, rubric_table

if TYPE_CHECKING:
    from nbformat import NotebookNode

CONFIG = "nbgrader_config.py"
VARIANTS = Path("tests/labs/variants")
_ROLES = ("overview", "exercise", "answer", "check", "grade", "written")
_MARKS = {
    "answer": "### BEGIN SOLUTION",
    "grade": "### BEGIN HIDDEN TESTS",
    "written": "### BEGIN SOLUTION",
}
_HEAD = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {"name": "python"},
}


def build_labs(root: Path | str, check_only: bool = False) -> list[Path]:
    """Generate all notebooks below `root` (the folder of nbgrader_config.py).

    Returns the paths that were out of step: those written, or with `check_only`, which writes
    nothing, those that would be.  With `check_only` notebooks that no text stands for are
    returned as well.  A second run returns an empty list.

    Raises:
        InputError: a text does not fit the registry; names the file, the cell and the remedy.
        SourceError: there is no lab or no nbgrader_config.py below `root`.
    """
    root = Path(root)
    texts = sorted(path for path in root.glob("solutions/*/*.py") if path.stem == path.parent.name)
    if not texts or not (root / CONFIG).is_file():
        raise SourceError(
            f"{root.resolve()} holds no solutions/<lab>/<lab>.py or no {CONFIG}. "
            "Run this in the root of the course repository."
        )
    address = course_address(root)
    setup = address.setup_cell() if address else ""
    wanted: dict[Path, str] = {}
    for text in texts:
        lab = text.stem
        source = source_notebook(lab, text.read_text(encoding="utf-8"), text, setup)
        wanted[root / "solutions" / lab / f"{lab}.ipynb"] = source
        wanted[root / "exercises" / lab / f"{lab}.ipynb"] = release_notebook(root, lab, source)
    if (root / VARIANTS).is_dir():
        wanted[root / "solutions" / "variants.md"] = answers_page(root / VARIANTS)
    stale = [path for path, content in wanted.items() if _content(path) != content]
    if check_only:
        found = [*root.glob("solutions/*/*.ipynb"), *root.glob("exercises/*/*.ipynb")]
        return stale + sorted(path for path in found if path not in wanted)
    for path in stale:
        write_text(path, wanted[path])
    return stale


def source_notebook(lab: str, text: str, path: Path | str, setup: str = "") -> str:
    """nbgrader's source version of `lab` as JSON, from the py:percent `text`.

    `setup` is the code of a first cell, if any; `path` is only named in messages.

    Raises:
        InputError: see `build_labs`.
    """
    import jupytext
    import nbformat

    notebook = jupytext.reads(text, fmt="py:percent")
    seen: list[tuple[str, str]] = []
    plain: Counter[str] = Counter()
    part = lab
    for cell in notebook.cells:
        role, id = _role(cell, path)
        cell.metadata = {}
        if role:
            seen.append((role, id))
            part = id.replace(".", "-")
            cell.id = part if role in ("grade", "written") else f"{part}-{role}"
            _fill(cell, role, id, lab, path)
        else:
            kind = f"{part}-{'code' if cell.cell_type == 'code' else 'text'}"
            plain[kind] += 1
            cell.id = f"{kind}-{plain[kind]}"
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    wanted = [
        (role, task.id)
        for task in TASKS.values()
        if task.lab == lab
        for role in (("exercise", "written") if isinstance(task, Written) else _ROLES[1:5])
    ]
    if sorted(seen) != sorted([("overview", lab), *wanted]):
        odd = set(seen) ^ {("overview", lab), *wanted} or {r for r in seen if seen.count(r) > 1}
        raise InputError(
            f"{path}: each exercise of the lab needs each of its cells once; missing, unknown or "
            f"twice: {', '.join(sorted(f'{role}={id!r}' for role, id in odd))}."
        )
    if setup:
        cell = nbformat.v4.new_code_cell(setup, id=f"{lab}-setup")
        notebook.cells.insert(0, cell)
    notebook.metadata = nbformat.from_dict(_HEAD)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def release_notebook(root: Path | str, lab: str, source: str) -> str:
    """Student version of `lab` as JSON: nbgrader's own generate_assignment on `source`.

    It runs in a temporary folder and without a gradebook, with the settings of `root`.

    Raises:
        InputError: nbgrader refuses the source.
    """
    from nbgrader.converters import GenerateAssignment, NbGraderException
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import PyFileConfigLoader

    config = PyFileConfigLoader(CONFIG, path=str(Path(root).resolve())).load_config()
    config.SaveCells.enabled = False
    config.GenerateAssignment.no_database = True
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder).resolve()
        config.CourseDirectory.root = str(course)
        config.CourseDirectory.assignment_id = lab
        write_text(course / "solutions" / lab / f"{lab}.ipynb", source)
        # nbgrader tells its log what is wrong, and its exception only to look there.
        log, said = logging.Logger("release"), StringIO()
        log.addHandler(logging.StreamHandler(said))
        log.setLevel(logging.ERROR)
        directory = CourseDirectory(config=config, log=log)
        try:
            GenerateAssignment(coursedir=directory, config=config, log=log).start()
        except NbGraderException as error:
            raise InputError(
                f"nbgrader cannot release the lab {lab!r}:\n{said.getvalue()}"
            ) from error
        result = (course / "exercises" / lab / f"{lab}.ipynb").read_text(encoding="utf-8")
        shutil.rmtree(course / "exercises")
    return result.rstrip("\n") + "\n"


def leftovers(notebook: str) -> list[str]:
    """What must not stand in a student version: one line per finding, empty where it is clean."""
    import nbformat

    found = []
    for cell in nbformat.reads(notebook, as_version=4).cells:
        for mark in ("BEGIN SOLUTION", "END SOLUTION", "HIDDEN TESTS", "MARK SCHEME"):
            if mark in cell.source:
                found.append(f"cell {cell.id}: {mark}")
        if cell.get("outputs") or cell.get("execution_count"):
            found.append(f"cell {cell.id}: output")
        if cell.get("attachments"):
            found.append(f"cell {cell.id}: attachment")
    return found


def _content(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _role(cell: "NotebookNode", path: Path | str) -> tuple[str, str]:
    """Role and id from the first line of the cell; two empty texts for an ordinary cell."""
    # The number of blank lines before the next cell, which jupytext notes, is of no interest.
    said = {key: value for key, value in cell.metadata.items() if key != "lines_to_next_cell"}
    if not set(said) <= set(_ROLES) or len(said) > 1:
        raise InputError(f"{path}: a cell says {said}; give it one of {', '.join(_ROLES)}.")
    for role, id in said.items():
        return role, str(id)
    return "", ""


def _fill(cell: "NotebookNode", role: str, id: str, lab: str, path: Path | str) -> None:
    """Add to the cell what the registry knows: headings, tables, nbgrader's metadata."""
    if role == "overview":
        cell.source = f"{cell.source}\n\n{overview_table(lab)}"
        return
    task = TASKS.get(id)
    if task is None or task.lab != lab:
        raise InputError(
            f"{path}: {role}={id!r} is no exercise of the lab {lab!r} in the registry."
        )
    if role == "exercise":
        cell.source = f"{heading(task)}\n\n{cell.source}"
        if isinstance(task, Written):
            cell.source += f"\n\n{rubric_table(task)}"
        return
    needed = [_MARKS.get(role, "")]
    if isinstance(task, Exercise):
        needed += [task.function, "" if role == "answer" else id]
    for text in needed:
        if text not in cell.source:
            raise InputError(f"{path}: the cell {role}={id!r} lacks {text!r}.")
    if role in ("answer", "grade", "written"):
        cell.metadata["nbgrader"] = nbgrader_metadata(task, role)
