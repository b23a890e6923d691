"""What students do not get of a lab's source: solutions and hidden tests, which nbgrader marks.

nbgrader's own steps do the same.  To import it takes most of a second, in each process that grades.
"""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import PLACEHOLDER

if TYPE_CHECKING:
    from nbformat import NotebookNode

# As in nbgrader_config.py: what a student finds in the place of a solution.
_STUB = "# Your code here\nraise NotImplementedError"


def without_solutions(source: NotebookNode) -> NotebookNode:
    """A copy of a lab's source with stubs in the place of its solutions; hidden tests stay.

    Raises:
        ValueError: the marks are not as nbgrader takes them.
    """
    frame = copy.deepcopy(source)
    for cell in frame.cells:
        if "BEGIN SOLUTION" in cell.source:
            stub = _STUB if cell.cell_type == "code" else PLACEHOLDER
            cell.source = _without(cell, "SOLUTION", "solution", stub.split("\n"))
    return frame


def without_hidden_tests(cell: NotebookNode) -> str:
    """The text of a cell as students get it.

    Raises:
        ValueError: the marks are not as nbgrader takes them.
    """
    return _without(cell, "HIDDEN TESTS", "grade")


def _without(cell: NotebookNode, mark: str, role: str, stub: tuple[str, ...] | list = ()) -> str:
    """The text of a cell with `stub` in the place of each region between BEGIN and END `mark`."""
    left, inside, found = [], False, False
    for line in cell.source.split("\n"):
        if f"BEGIN {mark}" in line:
            if inside:
                raise ValueError(f"cell {cell.get('id')}: BEGIN {mark} within another")
            inside = found = True
            indent = re.match(r"\s*", line).group(0)
            left += [indent + words for words in stub]
        elif f"END {mark}" in line:
            inside = False
        elif not inside:
            left.append(line)
    if inside:
        raise ValueError(f"cell {cell.get('id')}: BEGIN {mark} without its END")
    if found and not cell.metadata.get("nbgrader", {}).get(role):
        raise ValueError(f"cell {cell.get('id')}: BEGIN {mark} in a cell that is none for a {role}")
    return "\n".join(left)
