"""Broken, odd and hostile files: each gives answers or a reason, and the frame is the course's."""

import json

import nbformat
import pytest
from broken import CASES, EXERCISES
from nbgrader.nbgraderformat import MetadataValidator
from notebooks import cell, entry, release, solved, source, to_bytes

from labkit.errors import InputError
from labkit.grading.submissions.assemble import assemble
from labkit.grading.submissions.choose_file import NOTHING
from labkit.grading.submissions.intake import read_submissions
from labkit.grading.submissions.marked_regions import without_solutions
from labkit.grading.submissions.read_notebook import read_notebook

RIGHT = to_bytes(solved())


def test_each_case_has_a_name_of_its_own():
    assert len({case.name for case in CASES}) == len(CASES) > 60


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_broken_files(case, tmp_path):
    submitted = tmp_path / "submitted"
    (submitted / "ada/pruning").mkdir(parents=True)
    (submitted / "ada/pruning/pruning.ipynb").write_bytes(RIGHT)
    case.put(submitted / "eve/pruning" if case.status != "missing" else submitted / "eve")
    before = sorted(tmp_path.rglob("*"))
    found = {one.student: one for one in read_submissions(submitted, "pruning")}
    assert sorted(tmp_path.rglob("*")) == before
    assert found["ada"].data == RIGHT
    one = found["eve"]
    said, notebook = [one.problem, *one.remarks], None
    if one.data is not None:
        try:
            notebook, remarks = assemble(source(), read_notebook(one.data))
            said += remarks
        except InputError as error:
            said.append(str(error))
    assert case.words in " / ".join(said)
    json.dumps(said, ensure_ascii=False).encode()
    assert (notebook is None) == (case.status != "graded")
    assert (one.problem == NOTHING) == (case.status == "missing")
    if notebook is None:
        return
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    nbformat.writes(notebook).encode()
    marked = {c.id: c for c in without_solutions(source()).cells if entry(c)}
    assert {c.id: c.metadata for c in notebook.cells if c.metadata} == {
        id: c.metadata for id, c in marked.items()
    }
    assert all(cell(notebook, id) == c for id, c in marked.items() if entry(c)["locked"])
    # Whoever runs the cells in order finds the right answers: before the graded cell the last
    # definition is theirs.
    for exercise in EXERCISES:
        answer = f"{exercise.grade_id}-answer"
        right = cell(solved(), answer).source
        graded = notebook.cells.index(cell(notebook, exercise.grade_id))
        before = [c.source for c in notebook.cells[:graded]]
        definers = [source for source in before if f"def {exercise.function}(" in source]
        assert (right in definers[-1]) == (exercise.id not in case.lost), exercise.id
    assert cell(release(), "pruning-overview").source == cell(notebook, "pruning-overview").source
