"""Put a student's answers into the course's own notebook.

Graded cells, points, ids and texts of the course come from its source; the student gives answers
and other code. Code keeps the order that the student ran it in; the course's cells stand around it
in theirs.
"""

from __future__ import annotations

import copy
import re
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labkit.checks.exercise import Exercise
from labkit.checks.registry import REGISTRY, TASKS
from labkit.grading.reading import MENDED
from labkit.grading.reading import read_notebook as read_notebook

if TYPE_CHECKING:
    from nbformat import NotebookNode

# As in nbgrader_config.py: what a student finds in the place of a solution.
STUB = {"python": "# Your code here\nraise NotImplementedError"}
TEXT_STUB = "Your answer here"
ELSEWHERE = "# The answer stands in another cell."
MOST_REMARKS = 50
_DEFINES = re.compile(r"^(?:async +def|def|class)[ \t]", re.MULTILINE)


def cleared(source: NotebookNode) -> NotebookNode:
    """The course's notebook with stubs in the place of its solutions; hidden tests stay."""
    from nbgrader.preprocessors import ClearSolutions
    from traitlets.config import Config

    settings = Config(ClearSolutions={"code_stub": STUB, "text_stub": TEXT_STUB})
    clear, frame = ClearSolutions(config=settings), copy.deepcopy(source)
    for number, cell in enumerate(frame.cells):
        if "BEGIN SOLUTION" in cell.source:
            clear.preprocess_cell(cell, {"language": "python"}, number)
    return frame


def tasks_found(notebook: NotebookNode, lab: str) -> int:
    """How many tasks of `lab` a notebook shows signs of: their ids, or the functions they want."""
    ids = {_grade_id(cell) or cell.id for cell in notebook.cells}
    return sum(
        task.grade_id in ids
        or f"{task.grade_id}-answer" in ids
        or (isinstance(task, Exercise) and any(_defines(c, task.function) for c in notebook.cells))
        for task in TASKS.values()
        if task.lab == lab
    )


def assemble(source: NotebookNode, submitted: NotebookNode) -> tuple[NotebookNode, tuple[str, ...]]:
    """The course's notebook with the answers of `submitted`, and what had to be put right.

    `source` is nbgrader's source version of the lab, with or without its solutions, which are left
    out; `submitted` comes from `read_notebook`.  An answer is found by the function it defines, by
    its grade id or cell id; one in words by its ids or its place below the question.  Where a
    function is defined more than once the last definition counts, and an untouched stub never
    beats an answer.  Nothing of the submission's metadata or outputs is taken over.
    """
    frame = cleared(source)
    parts = _Parts(frame, _visible(frame), copy.deepcopy(submitted.cells))
    parts.remarks += submitted.metadata.get(MENDED, ())
    _place(parts)
    _choose_answers(parts)
    _fill_texts(parts)
    cells = _in_order(parts)
    _report(parts)
    frame.cells = cells
    return frame, tuple(dict.fromkeys(parts.remarks))[:MOST_REMARKS]


@dataclass
class _Parts:
    """What is being put together; cells are named by their number in either notebook."""

    frame: NotebookNode
    visible: list[str]  # the frame's texts as students see them
    cells: list[NotebookNode]
    places: list[int | None] = field(default_factory=list)  # of each cell, where in the frame
    owners: dict[int, int] = field(default_factory=dict)  # place in the frame → cell that fills it
    left_out: set[int] = field(default_factory=set)  # stubs where there is an answer
    edited: set[int] = field(default_factory=set)  # graded cells that came with another text
    remarks: list[str] = field(default_factory=list)

    def role(self, place: int) -> str:
        """What a cell of the frame is: answer, grade, written, code or text."""
        cell = self.frame.cells[place]
        entry = cell.metadata.get("nbgrader", {})
        if entry.get("solution"):
            return "answer" if cell.cell_type == "code" else "written"
        if entry.get("grade") or entry.get("locked"):
            return "grade"
        return "code" if cell.cell_type == "code" else "text"

    def all(self, role: str) -> list[int]:
        """The places of a role."""
        return [place for place in range(len(self.frame.cells)) if self.role(place) == role]

    def named(self, place: int) -> list[int]:
        """The cells that say that they belong to a place."""
        return [number for number, found in enumerate(self.places) if found == place]


def _place(parts: _Parts) -> None:
    """Find for each cell of the submission the cell of the course that it was."""
    by_grade, by_id, by_text = {}, {}, {}
    for place, cell in enumerate(parts.frame.cells):
        by_grade.setdefault(_grade_id(cell), place)
        by_id[cell.id] = place
        by_text.setdefault((cell.cell_type, parts.visible[place]), place)
    by_grade.pop("", None)
    functions = [name for place in parts.all("answer") if (name := _function(parts, place))]
    for cell in parts.cells:
        text = _normal(cell.source)
        place = by_text.get((cell.cell_type, text))
        place = by_grade.get(_grade_id(cell), by_id.get(cell.id, place))
        if place is not None and parts.role(place) == "grade":
            course = parts.frame.cells[place]
            if text not in (parts.visible[place], _normal(course.source)):
                parts.edited.add(place)
                # What a student wrote in the wrong place is still the student's code.
                if _DEFINES.search(cell.source) or any(_defines(cell, f) for f in functions):
                    place = None
        parts.places.append(place)


def _choose_answers(parts: _Parts) -> None:
    """Say for each exercise which cell of the submission is its answer."""
    wanted: dict[int, int] = {}
    for place in parts.all("answer"):
        name, named = _function(parts, place), parts.named(place)
        stub = parts.visible[place]
        definers = [
            number
            for number, cell in enumerate(parts.cells)
            if name and (cell.cell_type == "code" or number in named) and _defines(cell, name)
        ]
        given = [n for n in definers if _normal(parts.cells[n].source) != stub]
        found = given or definers or [n for n in named if parts.cells[n].source.strip()]
        if not found:
            parts.remarks.append(f"no answer {parts.frame.cells[place].id} was found")
            continue
        wanted[place] = found[-1]
        if given:
            parts.left_out |= set(definers) - set(given)
        if len(given) > 1:
            parts.remarks.append(f"{name} is defined in {len(given)} cells; the last one counts")
    for place, number in sorted(wanted.items(), key=lambda w: parts.places[w[1]] != w[0]):
        if number in parts.owners.values():
            cell = parts.frame.cells[place]
            cell.source = ELSEWHERE
            parts.remarks.append(f"the answer {cell.id} stands in the cell of another answer")
            continue
        parts.owners[place] = number
        kind = parts.cells[number].cell_type
        if kind != "code":
            id = parts.frame.cells[place].id
            parts.remarks.append(f"the answer {id} was a cell of type {kind}; it was read as code")
    for place in parts.all("code"):
        named = [
            n
            for n in parts.named(place)
            if n not in parts.owners.values() and parts.cells[n].cell_type == "code"
        ]
        if named:
            parts.owners[place] = named[0]


def _fill_texts(parts: _Parts) -> None:
    """Put the answers in words into the frame."""
    for place in parts.all("written"):
        cell = parts.frame.cells[place]
        named = parts.named(place) or _below(parts, place - 1)
        for number in named:
            parts.places[number] = place
        unanswered = ("", parts.visible[place])
        given = [n for n in named if _normal(parts.cells[n].source) not in unanswered]
        # A cell that was copied counts once, one that was split counts as a whole.
        texts = list(dict.fromkeys(parts.cells[n].source for n in given))
        if not named:
            parts.remarks.append(f"no answer {cell.id} was found")
        if not texts:
            continue
        if len(texts) > 1:
            parts.remarks.append(f"the answer {cell.id} stands in {len(texts)} cells")
        cell.source = _harmless("\n\n".join(texts))
        for number in given:
            if "attachments" in parts.cells[number]:
                cell.setdefault("attachments", {}).update(parts.cells[number].attachments)


def _below(parts: _Parts, question: int) -> list[int]:
    """Texts of the student right below a question, where the ids of the answer were lost."""
    below: list[int] = []
    for number in parts.named(question)[:1]:
        for n in range(number + 1, len(parts.cells)):
            if parts.places[n] is not None or parts.cells[n].cell_type != "markdown":
                break
            below.append(n)
    return below


def _in_order(parts: _Parts) -> list[NotebookNode]:
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
            target.source = _harmless(cell.source)
            result.append(target)
            continue
        if place is not None and place not in parts.owners:
            flush(place + 1)
        if number in parts.left_out or not cell.source.strip() or _is_course_text(parts, number):
            continue
        extra += 1
        result.append(_extra(cell, f"student-{extra:03d}"))
    flush(len(parts.frame.cells))
    return result


def _is_course_text(parts: _Parts, number: int) -> bool:
    """Whether a cell is one of the course's that the frame has anyway."""
    place = parts.places[number]
    if place is None:
        return False
    role, cell = parts.role(place), parts.cells[number]
    if role == "text":
        return _normal(cell.source) == parts.visible[place]
    return role == "grade" or (role == "written" and cell.cell_type != "code")


def _extra(cell: NotebookNode, id: str) -> NotebookNode:
    import nbformat

    kept = {"id": id, "cell_type": cell.cell_type, "metadata": {}, "source": _harmless(cell.source)}
    if cell.cell_type == "code":
        kept |= {"outputs": [], "execution_count": None}
    elif "attachments" in cell:
        kept["attachments"] = cell.attachments
    return nbformat.from_dict(kept)


def _report(parts: _Parts) -> None:
    """Remark on what had been deleted, doubled, moved or written into nbgrader's metadata."""
    known = {_grade_id(cell): cell for cell in parts.frame.cells}
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
    if not any(map(_grade_id, parts.cells)):
        parts.remarks.append("nbgrader's metadata were lost; ids and functions were looked for")
    for cell in parts.cells:
        entry, id = cell.metadata.get("nbgrader", {}), _grade_id(cell)
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
        parts.remarks.append("no answer of this lab is in the notebook")


def _function(parts: _Parts, place: int) -> str:
    id = _grade_id(parts.frame.cells[place]).removesuffix("-answer")
    return next((e.function for e in REGISTRY.values() if e.grade_id == id), "")


def _grade_id(cell: NotebookNode) -> str:
    id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return id if isinstance(id, str) else ""


def _defines(cell: NotebookNode, name: str) -> bool:
    """Whether a cell binds `name`; code that does not compile is looked at as well."""
    pattern = rf"^(?:(?:async +)?def +{name}\b|{name} *(?::[^=\n]+)?=[^=])"
    return re.search(pattern, cell.source, re.MULTILINE) is not None


def _normal(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def _visible(frame: NotebookNode) -> list[str]:
    """The texts that students get, for comparison."""
    from nbgrader.preprocessors import ClearHiddenTests

    clear = ClearHiddenTests()
    shown = [clear.preprocess_cell(copy.deepcopy(cell), {}, 0)[0] for cell in frame.cells]
    return [_normal(cell.source) for cell in shown]


def _harmless(text: str) -> str:
    """The text without nbgrader's marks, which would end `nbgrader generate_feedback`."""
    return text.replace("HIDDEN TESTS", "hidden tests")
