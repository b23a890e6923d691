"""Notebooks of students to try the taking in of submissions on."""

import copy
import json
from functools import cache

import nbformat
from places import ROOT


@cache
def _read(folder, lab):
    return nbformat.read(ROOT / f"{folder}/{lab}/{lab}.ipynb", as_version=4)


def source(lab="pruning"):
    """The course's own notebook, with solutions and hidden tests."""
    return copy.deepcopy(_read("solutions", lab))


def release(lab="pruning"):
    """What students get."""
    return copy.deepcopy(_read("exercises", lab))


def solved(lab="pruning"):
    """The release with the answers of the solution."""
    notebook = release(lab)
    right = {cell.id: cell.source for cell in source(lab).cells}
    for cell in notebook.cells:
        if entry(cell).get("solution"):
            lines = right[cell.id].splitlines()
            cell.source = "\n".join(line for line in lines if " SOLUTION" not in line)
    return notebook


def entry(cell):
    """nbgrader's part of a cell's metadata."""
    return cell.metadata.get("nbgrader", {})


def cell(notebook, id):
    """The cell with this id."""
    return next(cell for cell in notebook.cells if cell.id == id)


def to_bytes(notebook):
    """The notebook as a file, as it is: neither checked nor mended."""
    return json.dumps(notebook, ensure_ascii=False).encode()
