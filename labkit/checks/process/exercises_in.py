"""Which exercises a submitted file answers, and where their cells stand: looked at, not run."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from labkit.checks.engine.exercise import PLACEHOLDER, Task, Written
from labkit.checks.registry import REGISTRY, TASKS
from labkit.errors import InputError


def tasks_in(path: Path | str) -> tuple[Task, ...]:
    """Tasks of the labs that a notebook (by its grade ids) or a .py file (by its functions) holds.

    Raises:
        InputError: the file is missing, unreadable, or holds no exercise of the course.
    """
    path = Path(path)
    if path.is_dir():
        inside = sorted(path.glob("*.ipynb"))
        raise InputError(
            f"{path} is a folder; name a notebook"
            + (f", for example {inside[0]}." if inside else f"; there is none in {path}.")
        )
    try:
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".ipynb":
            import nbformat

            notebook = nbformat.reads(text, as_version=4)
            metadata = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
            found = {str(entry.get("grade_id", "")).removesuffix("-answer") for entry in metadata}
            text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
            labs = {task.lab for task in TASKS.values() if task.grade_id in found}
        else:
            labs = set()
    except FileNotFoundError:
        raise InputError(f"{path}: no such file.") from None
    except ImportError:  # nothing is wrong with the file
        raise
    except Exception as error:  # nbformat has many ways to refuse a file
        raise InputError(
            f"{path} cannot be read as a notebook or .py file ({type(error).__name__}). "
            "JupyterLab keeps an older state of a notebook in .ipynb_checkpoints beside it."
        ) from None
    if not labs:
        defined = set(re.findall(r"^def (\w+)", text, re.MULTILINE))
        labs = {task.lab for task in REGISTRY.values() if task.function in defined}
    if not labs:
        raise InputError(f"{path} holds no exercise of this course; see `labkit start --help`.")
    return tuple(task for task in TASKS.values() if task.lab in labs)


def words_in(path: Path | str) -> dict[str, int]:
    """Words of the answer by id of the written question, in a notebook that `tasks_in` reads.

    An answer whose cell is empty, or as it was, has none.  A model answer is left out: with it
    stands a note for who reads the students' ones.
    """
    import nbformat

    if Path(path).suffix != ".ipynb":
        return {}
    notebook = nbformat.reads(Path(path).read_text(encoding="utf-8"), as_version=4)
    answers = {
        cell.metadata.get("nbgrader", {}).get("grade_id"): cell.source.strip()
        for cell in notebook.cells
        if cell.cell_type == "markdown" and "### BEGIN SOLUTION" not in cell.source
    }
    return {
        task.id: _words(answers[task.grade_id])
        for task in TASKS.values()
        if isinstance(task, Written) and task.grade_id in answers
    }


def _words(answer: str) -> int:
    """What stands between blanks and has a letter or a digit; none in an answer not begun."""
    return 0 if answer == PLACEHOLDER else sum(any(map(str.isalnum, w)) for w in answer.split())


def code_cells(path: Path) -> list[Any]:
    """The code cells of a notebook; none of a .py file, whose cells have neither ids nor grades."""
    if path.suffix != ".ipynb":
        return []
    import nbformat

    cells = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


def figures(cells: Sequence[Any]) -> tuple[int, ...]:
    """Numbers of the code cells that compute figures for an answer in words."""
    begins = tuple(f"{task.grade_id}-code-" for task in TASKS.values() if isinstance(task, Written))
    ids = [str(cell.get("id", "")) for cell in cells]
    return tuple(number for number, id in enumerate(ids, start=1) if id.startswith(begins))


def graded(cells: Sequence[Any]) -> dict[str, int]:
    """Number of the graded code cell by grade id."""
    found: dict[str, int] = {}
    for number, cell in enumerate(cells, start=1):
        entry = cell.metadata.get("nbgrader", {})
        if entry.get("grade") and not entry.get("solution"):
            found.setdefault(str(entry.get("grade_id", "")), number)
    return found
