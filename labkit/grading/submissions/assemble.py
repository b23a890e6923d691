"""Put a student's answers into the course's own notebook.

Graded cells, points, ids and texts of the course come from its source; the student gives answers
and other code. Code keeps the order that the student ran it in; the course's cells stand around it
in theirs.
"""

from __future__ import annotations

import copy
from collections import deque
from typing import TYPE_CHECKING

from labkit.checks.registry import LABS
from labkit.grading.submissions.marked_regions import without_hidden_tests, without_solutions
from labkit.grading.submissions.match_cells import (
    Parts,
    choose_answers,
    fill_texts,
    grade_id,
    harmless,
    normal,
    place_cells,
    tasks_found,
)
from labkit.grading.submissions.read_notebook import MENDED

if TYPE_CHECKING:
    from nbformat import NotebookNode

MOST_REMARKS = 50


def assemble(source: NotebookNode, submitted: NotebookNode) -> tuple[NotebookNode, tuple[str, ...]]:
    """The course's notebook with the answers of `submitted`, and what had to be put right.

    `source` is nbgrader's source version of the lab, with or without its solutions, which are left
    out; `submitted` comes from `read_notebook`.  An answer is found by the function it defines, by
    its grade id or cell id; one in words by its ids or its place below the question.  Where a
    function is defined more than once the last definition counts, and an untouched stub never
    beats an answer.  Nothing of the submission's metadata or outputs is taken over.
    """
    frame = without_solutions(source)
    parts = Parts(frame, _visible(frame), copy.deepcopy(submitted.cells))
    parts.remarks += submitted.metadata.get(MENDED, ())
    place_cells(parts)
    choose_answers(parts)
    fill_texts(parts)
    cells = _in_order(parts)
    _report(parts)
    frame.cells = cells
    return frame, tuple(dict.fromkeys(parts.remarks))[:MOST_REMARKS]


def runnable(notebook: NotebookNode) -> NotebookNode:
    """An assembled notebook as the process of a submission may see it: without hidden tests.

    The graded cells are there, but empty, so that each code cell keeps its number.
    """
    shown = copy.deepcopy(notebook)
    for cell in shown.cells:
        entry = cell.metadata.get("nbgrader", {})
        if entry.get("grade") and not entry.get("solution"):
            cell.source = ""
    return shown


def _in_order(parts: Parts) -> list[NotebookNode]:
    """The cells of the result: the student's code in its order, the course's cells around it.

    A cell of the course stands before the student's cells that follow it in the course; its code
    waits for the answers that precede it there.
    """
    pending = deque(place for place in range(len(parts.frame.cells)) if place not in parts.owners)
    waiting = {place for place in parts.owners if parts.role(place) == "answer"}
    filled = {number: place for place, number in parts.owners.items()}
    result: list[NotebookNode] = []
    extra = 0

    def flush(limit: int) -> None:
        while pending and pending[0] < limit:
            cell = parts.frame.cells[pending[0]]
            if cell.cell_type == "code" and any(place < pending[0] for place in waiting):
                return
            result.append(cell)
            pending.popleft()

    for number, cell in enumerate(parts.cells):
        place = parts.places[number]
        if number in filled:
            place = filled[number]
            flush(place)
            waiting.discard(place)
            target = parts.frame.cells[place]
            target.source = harmless(cell.source)
            result.append(target)
            continue
        if place is not None and place not in parts.owners:
            flush(place + 1)
        # An empty cell of code stays, so that each has the number that the student counts.
        blank = not cell.source.strip() and cell.cell_type != "code"
        if number in parts.left_out or blank or _is_course_text(parts, number):
            continue
        extra += 1
        result.append(_extra(cell, f"student-{extra:03d}"))
    flush(len(parts.frame.cells))
    return result


def _is_course_text(parts: Parts, number: int) -> bool:
    """Whether a cell is one of the course's that the frame has anyway."""
    place = parts.places[number]
    if place is None:
        return False
    role, cell = parts.role(place), parts.cells[number]
    if role == "text":
        return normal(cell.source) == parts.visible[place]
    return role == "grade" or (role == "written" and cell.cell_type != "code")


def _extra(cell: NotebookNode, id: str) -> NotebookNode:
    import nbformat

    kept = {"id": id, "cell_type": cell.cell_type, "metadata": {}, "source": harmless(cell.source)}
    if cell.cell_type == "code":
        kept |= {"outputs": [], "execution_count": None}
    elif "attachments" in cell:
        kept["attachments"] = cell.attachments
    return nbformat.from_dict(kept)


def _report(parts: Parts) -> None:
    """Remark on what had been deleted, doubled, moved or written into nbgrader's metadata."""
    known = {grade_id(cell): cell for cell in parts.frame.cells}
    for place in parts.all("grade"):
        id, found = parts.frame.cells[place].id, len(parts.named(place))
        if place in parts.edited:
            parts.remarks.append(f"the graded cell {id} had been edited; the course's counts")
        if found > 1:
            parts.remarks.append(f"the graded cell {id} stood there {found} times")
        elif not found and place not in parts.edited:
            parts.remarks.append(f"the graded cell {id} was missing and was put back")
    back = [parts.frame.cells[p].id for p in parts.all("code") if p not in parts.owners]
    if back:
        parts.remarks.append(f"deleted cells of the course were put back: {', '.join(back)}")
    if not any(map(grade_id, parts.cells)):
        parts.remarks.append("nbgrader's metadata were lost; ids and functions were looked for")
    for cell in parts.cells:
        entry, id = cell.metadata.get("nbgrader", {}), grade_id(cell)
        if id and id not in known:
            parts.remarks.append(f"the grade id {id[:60]!r} is none of this lab")
            continue
        for key, value in known[id].metadata.get("nbgrader", {}).items() if id else ():
            if entry.get(key) != value:
                said = str(entry.get(key))[:20]
                parts.remarks.append(
                    f"{key} of {id} had been changed to {said!r}; {value!r} counts"
                )
    order = [p for n in range(len(parts.cells)) for p, o in parts.owners.items() if o == n]
    if order != sorted(order):
        parts.remarks.append("the cells stand in another order than in the course")
    if not parts.owners or all(parts.role(place) == "code" for place in parts.owners):
        signs = {lab: tasks_found(parts.cells, lab) for lab in LABS}
        other = max(signs, key=signs.get)
        other = f"; it looks like the lab {other!r}" if signs[other] else ""
        parts.remarks.append(f"no answer of this lab is in the notebook{other}")


def _visible(frame: NotebookNode) -> list[str]:
    """The texts that students get, for comparison."""
    return [normal(without_hidden_tests(cell)) for cell in frame.cells]
