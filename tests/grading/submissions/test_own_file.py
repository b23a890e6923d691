"""A student's own check reads a file as the grader does, and says the same of it."""

import nbformat
import pytest
from broken import CASES, NAME
from notebooks import cell, release, solved, source, to_bytes

from labkit.errors import InputError
from labkit.grading.submissions.assemble import assemble, runnable
from labkit.grading.submissions.intake import read_submissions
from labkit.grading.submissions.own_file import read_own_file
from labkit.grading.submissions.read_notebook import read_notebook

SINGLE = [case for case in CASES if len(case.files) == 1 and not case.links]
SCRIPT = "# %%\nimport copy\nimport torch\n# %% [markdown]\n# Text\n" + "\n# In[3]:\n".join(
    c.source for c in solved().cells if c.id.endswith("-answer")
)


def graded(folder):
    """What `labkit grade` makes of the one file in `folder`: cells and remarks, or a reason."""
    (one,) = read_submissions(folder, "pruning")
    if one.data is None:
        return None, [one.problem]
    try:
        notebook, remarks = assemble(source(), read_notebook(one.data))
    except InputError as error:
        return None, [str(error)]
    return runnable(notebook), [*one.remarks, *remarks]


@pytest.mark.parametrize("case", SINGLE, ids=lambda case: case.name)
def test_check_and_grade_read_the_same(case, tmp_path):
    case.put(tmp_path / "submitted/eve")
    notebook, said = graded(tmp_path / "submitted")
    (path,) = (p for p in (tmp_path / "submitted/eve").rglob("*") if p.is_file())
    if case.name == "another lab's notebook":  # the check goes by the file, not by a lab
        assert read_own_file(path).lab == "weights"
    elif notebook is None:
        with pytest.raises(InputError) as refused:
            read_own_file(path)
        assert all(text.replace("eve/", "") in str(refused.value) for text in said)
        assert "anew" not in str(refused.value)
    else:
        own = read_own_file(path)
        assert list(own.remarks) == [text.replace("eve/", "") for text in said]
        assert code(own.notebook) == code(notebook)


def code(notebook):
    return [c.source for c in notebook.cells if c.cell_type == "code"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("pruning.ipynb.txt", to_bytes(solved())),
        ("pruning.IPYNB", to_bytes(solved())),
        ("pruning.json", to_bytes(solved())),
        ("mine.py", SCRIPT.encode()),
        ("mine.py", b"\xef\xbb\xbf" + SCRIPT.encode()),
    ],
)
def test_files_under_other_names_are_read_by_both(name, data, tmp_path):
    path = tmp_path / "submitted/eve" / name
    path.parent.mkdir(parents=True)
    path.write_bytes(data)
    notebook, _ = graded(tmp_path / "submitted")
    own = read_own_file(path)
    assert code(own.notebook) == code(notebook)
    answer = cell(own.notebook, "pruning-sweep-answer").source
    assert "def sweep" in answer and "NotImplementedError" not in answer


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("merge.ipynb", b'{"cells": [],\n  <<<<<<< HEAD\n"x": 1}', "unresolved merge"),
        ("other.py", b"def f(): pass", "there is no notebook in it"),
        ("other.ipynb", to_bytes(nbformat.v4.new_notebook()), "holds no cells"),
    ],
)
def test_what_holds_no_lab_is_refused_in_words(name, data, words, tmp_path):
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(InputError, match=words) as refused:
        read_own_file(path)
    assert str(path) in str(refused.value)


def test_a_folder_and_a_file_that_is_not_there_are_named(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        read_own_file(tmp_path / NAME)
    with pytest.raises(InputError, match="is a folder; name a notebook; there is none in"):
        read_own_file(tmp_path)


def test_without_the_course_the_file_is_read_alone_and_says_so(tmp_path):
    path = tmp_path / NAME
    path.write_bytes(to_bytes(release()))
    own = read_own_file(path, course=tmp_path)
    assert code(own.notebook) == code(release())
    assert "is missing, so that your file was not compared with it" in own.remarks[-1]
