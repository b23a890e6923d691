"""Find which cell of the course each cell of a submission was, and which are its answers."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.registry import REGISTRY, TASKS

if TYPE_CHECKING:
    from nbformat import NotebookNode

ELSEWHERE = "# The answer stands in another cell."
_DEFINES = re.compile(r"^(?:async +def|def|class)[ \t]", re.MULTILINE)


def tasks_found(cells: list[NotebookNode], lab: str) -> int:
    """How many tasks of `lab` cells show signs of: their ids, or the functions they want."""
    ids = {grade_id(cell) or cell.id for cell in cells}
    return sum(
        task.grade_id in ids
        or f"{task.grade_id}-answer" in ids
        or (isinstance(task, Exercise) and any(defines(c, task.function) for c in cells))
        for task in TASKS.values()
        if task.lab == lab
    )


@dataclass
class Parts:
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


def place_cells(parts: Parts) -> None:
    """Find for each cell of the submission the cell of the course that it was."""
    by_grade, by_id, by_text = {}, {}, {}
    for place, cell in enumerate(parts.frame.cells):
        by_grade.setdefault(grade_id(cell), place)
        by_id[cell.id] = place
        by_text.setdefault((cell.cell_type, parts.visible[place]), place)
    by_grade.pop("", None)
    functions = [name for place in parts.all("answer") if (name := _function(parts, place))]
    for cell in parts.cells:
        text = normal(cell.source)
        place = by_text.get((cell.cell_type, text))
        place = by_grade.get(grade_id(cell), by_id.get(cell.id, place))
        if place is not None and parts.role(place) == "grade":
            course = parts.frame.cells[place]
            if text not in (parts.visible[place], normal(course.source)):
                parts.edited.add(place)
                # What a student wrote in the wrong place is still the student's code.
                if _DEFINES.search(cell.source) or any(defines(cell, f) for f in functions):
                    place = None
        parts.places.append(place)


def choose_answers(parts: Parts) -> None:
    """Say for each exercise which cell of the submission is its answer, and who fills the rest."""
    definers, given = {}, {}
    for place in parts.all("answer"):
        name, named = _function(parts, place), parts.named(place)
        code = [n for n, cell in enumerate(parts.cells) if cell.cell_type == "code" or n in named]
        definers[place] = [n for n in code if name and defines(parts.cells[n], name)]
        stub = parts.visible[place]
        bound = [n for n in definers[place] if normal(parts.cells[n].source) != stub]
        if bound:
            parts.left_out |= set(definers[place]) - set(bound)
        # `sweep = sweep(model)` in a cell of trials is no answer, if there is a `def sweep`.
        given[place] = [n for n in bound if _has_def(parts.cells[n], name)] or bound
        if bound and bound[-1] > given[place][-1]:
            parts.remarks.append(f"{name} is something else after the cell that defines it")
        # In a kernel the graded cell meets what stands before it, and no attempt further down.
        before = [n for n in given[place] if n < _graded_at(parts, place)]
        if (count := len(given[place])) > 1:
            which = "the last one" if before in ([], given[place]) else "the one"
            which += " before its graded cell" if before not in ([], given[place]) else ""
            parts.remarks.append(f"{name} is defined in {count} cells; {which} counts")
        given[place] = before or given[place]
        if given[place] and (count := _defs(parts.cells[given[place][-1]], name)) > 1:
            parts.remarks.append(
                f"{name} is defined {count} times in its cell; the last one counts"
            )
    wanted: dict[int, int] = {}
    for place in definers:
        named = [n for n in parts.named(place) if parts.cells[n].source.strip()]
        found = [
            number
            for number in given[place] or definers[place] or named
            if number not in parts.left_out
        ]
        if found:
            wanted[place] = found[-1]
        else:
            parts.remarks.append(f"no answer {parts.frame.cells[place].id} was found")
    # A cell with several answers stands in the place that it names, if it names one of them.
    for place, number in sorted(wanted.items(), key=lambda w: parts.places[w[1]] != w[0]):
        course, kind = parts.frame.cells[place], parts.cells[number].cell_type
        if number in parts.owners.values():
            course.source = ELSEWHERE
            parts.remarks.append(f"the answer {course.id} stands in the cell of another answer")
            continue
        parts.owners[place] = number
        if kind != "code":
            parts.remarks.append(
                f"the answer {course.id} was a cell of type {kind}; it was read as code"
            )
    for place in parts.all("code"):
        used = parts.left_out.union(parts.owners.values())
        named = [n for n in parts.named(place) if n not in used]
        named = [n for n in named if parts.cells[n].cell_type == "code"]
        if named:
            parts.owners[place] = named[0]


def fill_texts(parts: Parts) -> None:
    """Put the answers in words into the frame."""
    for place in parts.all("written"):
        cell = parts.frame.cells[place]
        named, unanswered = parts.named(place), ("", parts.visible[place])
        given = [n for n in named if normal(parts.cells[n].source) not in unanswered]
        if not given:
            # The ids were lost, or the answer was written below the cell that was meant for it.
            given = _below(parts, [*parts.named(place - 1), *named])
            for number in given:
                parts.places[number] = place
        # A cell that was copied counts once, one that was split counts as a whole.
        texts = list(dict.fromkeys(parts.cells[n].source for n in given))
        if not named and not given:
            parts.remarks.append(f"no answer {cell.id} was found")
        if not texts:
            continue
        if len(texts) > 1:
            parts.remarks.append(f"the answer {cell.id} stands in {len(texts)} cells")
        cell.source = harmless("\n\n".join(texts))
        for number in given:
            if "attachments" in parts.cells[number]:
                cell.setdefault("attachments", {}).update(parts.cells[number].attachments)


def _below(parts: Parts, anchors: list[int]) -> list[int]:
    """Texts of the student right below any of the cells `anchors`."""
    below: list[int] = []
    for anchor in anchors:
        for number in range(anchor + 1, len(parts.cells)):
            if parts.places[number] is not None or parts.cells[number].cell_type != "markdown":
                break
            below.append(number)
    return below


def _graded_at(parts: Parts, place: int) -> int:
    """The first cell of the submission that is the graded cell of the answer at `place`.

    Where there is none, the number of all cells.
    """
    id = grade_id(parts.frame.cells[place]).removesuffix("-answer")
    graded = [p for p in parts.all("grade") if grade_id(parts.frame.cells[p]) == id]
    return min((n for p in graded for n in parts.named(p)), default=len(parts.cells))


def _function(parts: Parts, place: int) -> str:
    id = grade_id(parts.frame.cells[place]).removesuffix("-answer")
    return next((e.function for e in REGISTRY.values() if e.grade_id == id), "")


def grade_id(cell: NotebookNode) -> str:
    """nbgrader's id of a cell, or an empty text."""
    id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    return id if isinstance(id, str) else ""


def defines(cell: NotebookNode, name: str) -> bool:
    """Whether a cell binds `name`; code that does not compile is looked at as well."""
    bound = re.search(rf"^{name} *(?::[^=\n]+)?=[^=]", cell.source, re.MULTILINE)
    return bound is not None or _has_def(cell, name)


def _has_def(cell: NotebookNode, name: str) -> bool:
    return _defs(cell, name) > 0


def _defs(cell: NotebookNode, name: str) -> int:
    """How often a cell has `def name`, at the outermost level."""
    return len(re.findall(rf"^(?:async +)?def +{name}\b", cell.source, re.MULTILINE))


def normal(text: str) -> str:
    """The text without what editors change in passing: spaces at line ends, blank ends."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def harmless(text: str) -> str:
    """The text without nbgrader's marks, which would end `nbgrader generate_feedback`."""
    return text.replace("HIDDEN TESTS", "hidden tests")
