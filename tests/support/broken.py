"""Submissions to the lab `pruning` that are broken, odd or hostile as files, and what each earns.

All answers are right, but for those named in `lost`.  The cases say what must come out of grading;
`test_broken.py` tries them up to the assembled notebook, without running code.
"""

import copy
import io
import json
import stat
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from notebooks import cell, entry, release, solved, to_bytes

from labkit.checks import REGISTRY
from labkit.grading.submissions.read_notebook import LARGEST, MOST_CELLS

EXERCISES = tuple(exercise for exercise in REGISTRY.values() if exercise.lab == "pruning")
ALL = tuple(exercise.id for exercise in EXERCISES)
NAME = "pruning.ipynb"


@dataclass(frozen=True, kw_only=True)
class Case:
    """What a student hands in, and what has to become of it.

    `files` lie in the student's folder, by name; a number stands for a file of as many zero bytes.
    `links` are symbolic links there.  `words` stand in the reason or in a remark of the outcome.
    """

    name: str
    files: Mapping[str, bytes | int]
    status: str = "graded"
    lost: tuple[str, ...] = ()
    words: str = ""
    links: Mapping[str, str] = field(default_factory=dict)

    @property
    def points(self) -> float:
        """What the submission earns."""
        return float(sum(e.points for e in EXERCISES if e.id not in self.lost))

    def put(self, folder: Path) -> None:
        """Write the files into `folder`, which is made if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                if isinstance(content, int):
                    file.truncate(content)
                else:
                    file.write(content)
        for name, target in self.links.items():
            (folder / name).symlink_to(target)


def zipped(files) -> bytes:
    """A zip archive with these entries, named by text or `ZipInfo`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as target:
        for name, content in files.items():
            # To deflate very much takes long.
            large = len(content) > LARGEST
            target.writestr(name, content, zipfile.ZIP_STORED if large else zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def link(name) -> zipfile.ZipInfo:
    """The entry of a symbolic link in a zip archive."""
    info = zipfile.ZipInfo(name)
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


def encrypted(data) -> bytes:
    """The archive with the mark of encryption on each of its entries."""
    data = bytearray(data)
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(mark)
        while start >= 0:
            data[start + offset] |= 1
            start = data.find(mark, start + 4)
    return bytes(data)


# Notebooks as other programs write them: everything is to be had from each.


def colab(notebook):
    for c in notebook.cells:
        c.metadata |= {"id": c.pop("id"), "outputId": "1", "colab": {"base_uri": "https://x"}}
    notebook.nbformat_minor = 0
    notebook.metadata = {"colab": {"provenance": []}, "kernelspec": {"name": "python3"}}
    return notebook


def colab_with_new_ids(notebook):
    for number, c in enumerate(colab(notebook).cells):
        c.metadata = {"id": f"aB{number}-_xYz"}
    return notebook


def vs_code(notebook):
    for number, c in enumerate(notebook.cells):
        c.id, c.metadata = f"{number:08x}", {"vscode": {"languageId": "python"}}
        c.source = c.source.replace("\n", "\r\n")
    return notebook


def sources_as_lists(notebook):
    for c in notebook.cells:
        c.source = c.source.splitlines(keepends=True)
    return notebook


def missing_kernel_name(notebook):
    notebook.metadata = {}
    return notebook


def missing_metadata(notebook):
    del notebook["metadata"], notebook["nbformat"], notebook["nbformat_minor"]
    for c in notebook.cells:
        for key in ("metadata", "outputs", "execution_count"):
            c.pop(key, None)
    return notebook


def another_kernel(notebook):
    notebook.metadata.kernelspec = {"name": "ir", "language": "R", "display_name": "R"}
    return notebook


def format_3(notebook):
    return nbformat.convert(notebook, 3)


def format_5(notebook):
    notebook.nbformat = 5
    return notebook


def huge_outputs(notebook):
    for c in notebook.cells:
        if c.cell_type == "code":
            c.outputs = [{"output_type": "stream", "name": "stdout", "text": "x" * 400_000}]
    return notebook


def broken_outputs(notebook):
    for c in notebook.cells:
        c.outputs = {"a": [None]}
    return notebook


def cells_of_wrong_types(notebook):
    notebook.cells += [7, None, {"cell_type": "code"}, {"cell_type": "x", "source": "a"}, []]
    notebook.cells += [{"cell_type": "code", "source": {"a": 1}}, {"source": ["a", 1]}]
    return notebook


def nan_and_doubled_keys(notebook):
    text = to_bytes(notebook).decode()
    return text.replace('"cells":', '"cells": [], "x": NaN, "cells":', 1).encode()


def in_encoding(encoding):
    def to(notebook):
        cell(notebook, "pruning-code-1").source += "\n# café"
        return json.dumps(notebook, ensure_ascii=False).encode(encoding)

    to.__name__ = encoding
    return to


def half_a_character(notebook):
    cell(notebook, "pruning-code-1").source += "\n# \ud800"
    return json.dumps(notebook).encode()


PROGRAMS = {
    colab: "",
    colab_with_new_ids: "nbgrader's metadata were lost",
    vs_code: "nbgrader's metadata were lost",
    sources_as_lists: "",
    missing_kernel_name: "",
    missing_metadata: "nbgrader's metadata were lost",
    another_kernel: "its kernel is 'R'; Python was used",
    format_3: "format 3 or older",
    format_5: "says format '5'",
    huge_outputs: "",
    broken_outputs: "",
    cells_of_wrong_types: "7 cell(s) that are none were left out",
    nan_and_doubled_keys: "",
    half_a_character: "",
    in_encoding("utf-8-sig"): "",
    in_encoding("utf-16"): "not UTF-8; it was read as utf-16",
    in_encoding("utf-32"): "not UTF-8",
    in_encoding("latin-1"): "not UTF-8; it was read as cp1252",
}


# Notebooks that try to earn more, or were handled without care: the frame is the course's.


def edited_test_cells(notebook):
    for c in notebook.cells:
        if entry(c).get("locked"):
            c.source = f"print('passed')\n{entry(c)['points']}.0"
    return notebook


def deleted_test_cells(notebook):
    notebook.cells = [c for c in notebook.cells if not entry(c).get("locked")]
    return notebook


def doubled_test_cells(notebook):
    notebook.cells = [
        copy.deepcopy(c) for c in notebook.cells for _ in range(5 if entry(c).get("locked") else 1)
    ]
    return notebook


def reordered_test_cells(notebook):
    locked = [c for c in notebook.cells if entry(c).get("locked")]
    notebook.cells = [*reversed(locked), *(c for c in notebook.cells if c not in locked)]
    return notebook


def cells_backwards(notebook):
    # The imports stay in front: backwards, no student could have run it.
    notebook.cells = [*notebook.cells[:2], *reversed(notebook.cells[2:])]
    return notebook


def points_in_the_metadata(notebook):
    for c in notebook.cells:
        if entry(c):
            c.metadata["nbgrader"] |= {"points": 500, "score": 500, "locked": False}
    notebook.metadata["nbgrader"] = {"score": 1000}
    return notebook


def changed_grade_ids(notebook):
    marked = [c for c in notebook.cells if entry(c).get("solution")]
    ids = [entry(c)["grade_id"] for c in marked]
    for c, id in zip(marked, [*ids[1:], "pruning-apply"], strict=True):
        c.metadata["nbgrader"]["grade_id"] = id
    return notebook


def grade_ids_of_nobody(notebook):
    for number, c in enumerate(notebook.cells):
        c.id = f"x{number}"
        if entry(c):
            c.metadata["nbgrader"]["grade_id"] = f"bonus{number}"
    return notebook


def blank_with_fake_scores(_):
    notebook = release()
    for c in notebook.cells:
        if c.cell_type == "code":
            data = {"text/plain": "5.0"}
            c.outputs = [
                {"output_type": "execute_result", "data": data, "metadata": {}},
                {"output_type": "stream", "name": "stdout", "text": "passed  everything"},
            ]
    return notebook


def answers_in_the_test_cells(notebook):
    for exercise in EXERCISES:
        answer = cell(notebook, f"{exercise.grade_id}-answer")
        cell(notebook, exercise.grade_id).source = answer.source
        answer.source = cell(release(), answer.id).source
    return notebook


def answers_in_one_cell(notebook):
    answers = [cell(notebook, f"{e.grade_id}-answer").source for e in EXERCISES]
    notebook = release()
    cell(notebook, "pruning-code-1").source += "\n\n" + "\n\n".join(answers)
    return notebook


def only_the_answers(notebook):
    notebook.cells = [
        nbformat.v4.new_code_cell(cell(notebook, f"{e.grade_id}-answer").source) for e in EXERCISES
    ]
    return notebook


def a_wrong_answer_below_the_right_one(notebook):
    wrong = nbformat.v4.new_code_cell("def sweep(*_):\n    return 0")
    notebook.cells.append(wrong)
    return notebook


def a_wrong_answer_above_the_right_one(notebook):
    notebook.cells.insert(2, nbformat.v4.new_code_cell("def sweep(*_):\n    return 0"))
    return notebook


def a_deleted_answer(notebook):
    notebook.cells.remove(cell(notebook, "pruning-sweep-answer"))
    return notebook


def an_answer_in_a_text_cell(notebook):
    cell(notebook, "pruning-sweep-answer").cell_type = "markdown"
    return notebook


EDITS = {
    edited_test_cells: ("the graded cell pruning-sweep had been edited; the course's counts", ()),
    deleted_test_cells: ("the graded cell pruning-sweep was missing and was put back", ()),
    doubled_test_cells: ("the graded cell pruning-sweep stood there 5 times", ()),
    reordered_test_cells: ("", ()),
    cells_backwards: ("the cells stand in another order", ()),
    points_in_the_metadata: ("points of pruning-sweep had been changed to '500'", ()),
    changed_grade_ids: ("had been changed", ()),
    grade_ids_of_nobody: ("is none of this lab", ()),
    blank_with_fake_scores: ("", ALL),
    answers_in_the_test_cells: ("had been edited", ()),
    answers_in_one_cell: ("stands in the cell of another answer", ()),
    only_the_answers: ("deleted cells of the course were put back", ()),
    a_wrong_answer_below_the_right_one: ("the one before its graded cell counts", ()),
    a_wrong_answer_above_the_right_one: ("defined in 2 cells; the last one counts", ()),
    a_deleted_answer: ("no answer pruning-sweep-answer was found", ("pruning.sweep",)),
    an_answer_in_a_text_cell: ("was a cell of type markdown; it was read as code", ()),
}

# Files that are no notebook: refused, in words for the student.
REFUSED = {
    "empty file": (b"", "is empty"),
    "spaces only": (b" \n", "is empty"),
    "malformed JSON": (to_bytes(solved())[:-20], "its JSON breaks at line 1, column"),
    "an unresolved merge": (b'{\n<<<<<<< HEAD\n"cells": []}', "unresolved merge"),
    "a list": (b"[]", "a JSON list"),
    "wrong format": (b'{"nbformat": 4}', "holds no cells"),
    "format 1": (b'{"nbformat": 1, "cells": "none"}', "holds no cells"),
    "an empty notebook": (b'{"cells": [], "nbformat": 4}', "holds no cells"),
    "nothing but broken cells": (b'{"cells": [1], "nbformat": 4}', "holds no cells"),
    "a zip archive under the name": (zipped({NAME: b"{}"}), "a zip archive and no notebook"),
    "a web page": (b"<!DOCTYPE html><html>", "a web page and no notebook"),
    "a PDF file": (b"%PDF-1.7", "a PDF file and no notebook"),
    "random bytes": (bytes(range(255, 0, -1)), "no notebook"),
    "deep nesting": (b'{"cells": ' + b"[" * 200_000, "nested too deeply"),
    "a deep object": (b'{"a": ' * 100_000, "nested too deeply"),
    "a number without end": (b'{"cells": ' + b"9" * 10_000 + b"}", "cannot be read"),
    "100 MB of no notebook": (100 * 2**20, "without its outputs the file is larger than 20 MiB"),
    "very many cells": (
        b'{"cells": [' + b",".join([b'{"source": ""}'] * (MOST_CELLS + 1)) + b"]}",
        f"{MOST_CELLS} are allowed",
    ),
}

_RIGHT = to_bytes(solved())
_OTHERS = [
    Case(
        name="missing notebook", files={"notes.txt": b"later"}, words="there is no notebook in it"
    ),
    Case(name="zip bomb", files={"a.zip": zipped({NAME: bytes(19 * 2**20)})}, words="200 times"),
    Case(
        name="../ in a zip", files={"a.zip": zipped({f"../../{NAME}": _RIGHT})}, words="leads out"
    ),
    Case(
        name="absolute name", files={"a.zip": zipped({f"/tmp/{NAME}": _RIGHT})}, words="leads out"
    ),
    Case(
        name="link in a zip", files={"a.zip": zipped({link(NAME): b"/etc/passwd"})}, words="a link"
    ),
    Case(name="encrypted", files={"a.zip": encrypted(zipped({NAME: _RIGHT}))}, words="encrypted"),
    Case(name="no archive", files={"a.zip": b"PK no"}, words="it is no zip archive"),
    Case(name="symlink", files={}, links={NAME: "/etc/passwd"}, words="links are not followed"),
    Case(
        name="symlink to another student",
        files={},
        links={NAME: f"../../ada/pruning/{NAME}"},
        words="links are not followed",
    ),
]


def _all() -> list[Case]:
    cases = [
        Case(name=program.__name__, files={NAME: _file(program)}, words=words)
        for program, words in PROGRAMS.items()
    ]
    cases += [
        Case(name=edit.__name__, files={NAME: _file(edit)}, words=words, lost=lost)
        for edit, (words, lost) in EDITS.items()
    ]
    refused = {"status": "unreadable", "lost": ALL}
    cases += [
        Case(name=name, files={NAME: content}, words=words, **refused)
        for name, (content, words) in REFUSED.items()
    ]
    cases += [
        Case(name=c.name, files=c.files, links=c.links, words=c.words, **refused) for c in _OTHERS
    ]
    return [
        *cases,
        Case(name="nothing", files={}, words="nothing was handed in", status="missing", lost=ALL),
        Case(
            name="renamed notebook",
            files={"my work.ipynb": _RIGHT},
            words="the notebook was called 'my work.ipynb'",
        ),
        Case(
            name="modules beside the notebook",
            files={NAME: _RIGHT}
            | dict.fromkeys(("json.py", "torch.py", "labkit/__init__.py"), b"raise SystemExit"),
        ),
        Case(
            name="two notebooks",
            files={NAME: to_bytes(release()), "final.ipynb": _RIGHT},
            words="final.ipynb was graded, and not",
        ),
        Case(
            name="a notebook in a zip",
            files={"a.zip": zipped({f"work/{NAME}": _RIGHT})},
            words="the notebook was in",
        ),
        Case(
            name="another lab's notebook",
            files={NAME: to_bytes(solved("weights"))},
            words="it looks like the lab 'weights'",
            lost=ALL,
        ),
    ]


def _file(edit) -> bytes:
    made = edit(solved())
    return made if isinstance(made, bytes) else to_bytes(made)


CASES = _all()
