"""A student's answers in the course's own notebook: nothing lost, nothing of the frame changed."""

import contextlib
import copy
import json

import nbformat
import pytest
from broken import REFUSED
from hypothesis import given, settings
from hypothesis import strategies as st
from nbgrader.nbgraderformat import MetadataValidator
from notebooks import ROOT, cell, entry, release, solved, source, to_bytes

from labkit.checks import REGISTRY, TASKS
from labkit.errors import InputError
from labkit.grading.submissions.assemble import assemble
from labkit.grading.submissions.marked_regions import without_solutions
from labkit.grading.submissions.match_cells import normal
from labkit.grading.submissions.read_notebook import LARGEST, _cut, read_notebook

LABS = list(dict.fromkeys(task.lab for task in TASKS.values()))
STUB = "raise NotImplementedError"
REGISTRY_IDS = {exercise.grade_id for exercise in REGISTRY.values()}


def handed_in(notebook):
    return notebook if isinstance(notebook, bytes) else to_bytes(notebook)


def put_together(notebook, lab="pruning"):
    """The assembled notebook and the remarks; what holds of every result is checked here."""
    data = handed_in(notebook)
    result, remarks = assemble(source(lab), read_notebook(data))
    assert assemble(source(lab), read_notebook(data)) == (result, remarks)
    nbformat.validate(result)
    MetadataValidator().validate_nb(result)
    frame = without_solutions(source(lab))
    assert result.metadata == frame.metadata
    fixed = [c for c in frame.cells if entry(c).get("grade") and not entry(c).get("solution")]
    assert [c for c in result.cells if entry(c).get("locked")] == fixed
    marked = [c for c in frame.cells if entry(c)]
    assert {c.id: c.metadata for c in result.cells if c.metadata} == {
        c.id: c.metadata for c in marked
    }
    assert not any(c.get("outputs") for c in result.cells)
    return result, " / ".join(remarks)


def answers(notebook, lab="pruning"):
    """The texts of the answer cells in the order of the course."""
    ids = [f"{e.grade_id}-answer" for e in REGISTRY.values() if e.lab == lab]
    return [cell(notebook, id).source for id in ids]


RIGHT = answers(solved())


@pytest.mark.parametrize("lab", LABS)
def test_the_untouched_release_gives_the_course_with_stubs(lab):
    result, remarks = put_together(release(lab), lab)
    assert result == without_solutions(source(lab))
    assert remarks == ""
    # The stubs are those that nbgrader put into the release with the course's settings.
    assert {c.id: c.source for c in result.cells if entry(c).get("solution")} == {
        c.id: c.source for c in release(lab).cells if entry(c).get("solution")
    }


@pytest.mark.parametrize("lab", LABS)
def test_a_solved_notebook_keeps_its_answers_and_gets_the_hidden_tests(lab):
    notebook = solved(lab)
    result, remarks = put_together(notebook, lab)
    assert remarks == ""
    assert [c.id for c in result.cells] == [c.id for c in notebook.cells]
    hidden = {c.id: c.source for c in source(lab).cells if entry(c).get("locked")}
    assert all("BEGIN HIDDEN TESTS" in text for text in hidden.values())
    for made, had in zip(result.cells, notebook.cells, strict=True):
        assert made.source == hidden.get(made.id, had.source)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_shuffled_deleted_and_doubled_cells_cost_no_answer(data):
    notebook = solved()
    order = data.draw(st.permutations(range(len(notebook.cells))))
    kept = [
        number
        for number in order
        if entry(notebook.cells[number]).get("solution") or data.draw(st.booleans())
    ]
    doubled = data.draw(st.lists(st.sampled_from(kept), max_size=5))
    notebook.cells = [copy.deepcopy(notebook.cells[number]) for number in [*kept, *doubled]]
    result, _ = put_together(notebook)
    assert answers(result) == RIGHT
    # Code runs in the order of the student; of an answer that stands there twice the last counts.
    ran = [c.source for c in result.cells if c.source in RIGHT]
    meant = [c.source for c in notebook.cells if c.source in RIGHT]
    assert ran == meant


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_lost_and_wrong_metadata_cost_no_answer(data):
    notebook = solved()
    ids = [entry(c)["grade_id"] for c in notebook.cells if entry(c)]
    for c in notebook.cells:
        if data.draw(st.booleans()):
            c.metadata = {}
        elif entry(c):
            odd = st.one_of(st.sampled_from(ids), st.text(max_size=5), st.none(), st.integers())
            key = data.draw(st.sampled_from(sorted(entry(c))))
            c.metadata["nbgrader"][key] = data.draw(odd)
        if data.draw(st.booleans()):
            c.id = data.draw(st.sampled_from([c.id, "x", "", *(o.id for o in notebook.cells)]))
    result, _ = put_together(notebook)
    assert answers(result) == RIGHT


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_code_runs_as_the_student_ran_it(data):
    """Whatever ids the cells carry, no code is lost, moved or overridden by a stub."""
    course = release()
    named = [(c.id, c.metadata) for c in course.cells] + [("", {}), ("x", {})]
    functions = [e.function for e in REGISTRY.values() if e.lab == "pruning"]
    stubs = {normal(text): f for text, f in zip(answers(course), functions, strict=True)}
    cells = []
    for number in range(data.draw(st.integers(1, 12))):
        bound = data.draw(st.lists(st.sampled_from(functions), min_size=1, max_size=2))
        text = "\n".join([f"def {name}():\n    return {number}" for name in bound])
        text = data.draw(st.sampled_from([text, f"helper = {number}", *answers(course)]))
        made = nbformat.from_dict({"cell_type": "code", "source": text})
        made.id, made.metadata = data.draw(st.sampled_from(named))
        if made.id in REGISTRY_IDS and "def " not in text:
            made.id, made.metadata = "y", {}  # as a graded cell it would be put right
        cells.append(made)
    result, _ = put_together({"cells": cells, "nbformat": 4})
    given = [c.source for c in cells if normal(c.source) not in stubs]
    texts = [c.source for c in result.cells if c.source in given]
    assert texts == given
    for function in functions:
        definers = [text for text in given if f"def {function}(" in text]
        made = [c.source for c in result.cells if f"def {function}(" in c.source]
        assert made[-1:] == definers[-1:] or (not definers and normal(made[-1]) in stubs)


def test_edited_test_cells_come_back():
    notebook = solved()
    cell(notebook, "pruning-apply").source = "checks.points = lambda *_, **__: 5000\n5.0"
    result, remarks = put_together(notebook)
    assert answers(result) == RIGHT
    assert "the graded cell pruning-apply had been edited" in remarks
    assert "5000" not in json.dumps(result)


def test_deleted_test_cells_come_back_below_their_answer():
    notebook = solved()
    notebook.cells = [c for c in notebook.cells if not entry(c).get("locked")]
    result, remarks = put_together(notebook)
    assert "the graded cell pruning-sweep was missing and was put back" in remarks
    assert [c.id for c in result.cells] == [c.id for c in solved().cells]


def test_doubled_test_cells_count_once():
    notebook = solved()
    notebook.cells += [copy.deepcopy(cell(notebook, "pruning-sweep")) for _ in range(3)]
    result, remarks = put_together(notebook)
    assert "the graded cell pruning-sweep stood there 4 times" in remarks
    assert [c.id for c in result.cells] == [c.id for c in solved().cells]


def test_reordered_test_cells_stand_in_the_order_of_the_course():
    notebook = solved()
    locked = [c for c in notebook.cells if entry(c).get("locked")]
    notebook.cells = [*reversed(locked), *(c for c in notebook.cells if c not in locked)]
    result, _ = put_together(notebook)
    assert answers(result) == RIGHT
    place = {c.id: number for number, c in enumerate(result.cells)}
    for exercise in REGISTRY.values():
        if exercise.lab == "pruning":
            assert place[f"{exercise.grade_id}-answer"] < place[exercise.grade_id]


def test_points_and_metadata_of_the_submission_are_ignored():
    notebook = solved()
    graded = cell(notebook, "pruning-apply").metadata
    graded["nbgrader"] |= {"points": 500, "locked": False, "solution": True}
    answer = cell(notebook, "pruning-apply-answer").metadata
    answer["nbgrader"] |= {"points": 7, "grade": True, "schema_version": 99}
    notebook.metadata["nbgrader"] = {"score": 100}
    result, remarks = put_together(notebook)
    assert answers(result) == RIGHT
    assert "points of pruning-apply had been changed to '500'" in remarks
    assert "grade of pruning-apply-answer had been changed to 'True'; False counts" in remarks


def test_changed_grade_ids_lose_no_answer():
    notebook = solved()
    first, second = (cell(notebook, f"pruning-{n}-answer") for n in ("magnitude_mask", "sweep"))
    a, b = entry(first)["grade_id"], entry(second)["grade_id"]
    first.metadata["nbgrader"]["grade_id"], second.metadata["nbgrader"]["grade_id"] = b, a
    cell(notebook, "pruning-apply-answer").metadata["nbgrader"]["grade_id"] = "pruning-apply"
    result, remarks = put_together(notebook)
    assert answers(result) == RIGHT
    assert "had been changed" in remarks


def test_unknown_grade_ids_are_told():
    notebook = solved()
    cell(notebook, "pruning-code-1").metadata = {"nbgrader": {"grade_id": "bonus", "points": 50}}
    _, remarks = put_together(notebook)
    assert "the grade id 'bonus' is none of this lab" in remarks


def test_a_fake_score_in_the_outputs_goes():
    notebook = release()
    for c in notebook.cells:
        if c.cell_type == "code":
            c.outputs = [
                {"output_type": "execute_result", "data": {"text/plain": "5.0"}, "metadata": {}}
            ]
    result, _ = put_together(notebook)
    assert result == without_solutions(source())


def test_of_two_answers_the_last_before_the_graded_cell_counts_and_both_stay():
    notebook = solved()
    wrong = nbformat.v4.new_code_cell("def sweep(*_):\n    return 0")
    notebook.cells.insert(2, wrong)
    result, remarks = put_together(notebook)
    assert answers(result) == RIGHT
    assert wrong.source in [c.source for c in result.cells]
    assert "sweep is defined in 2 cells; the last one counts" in remarks
    # As in a kernel an old attempt further down comes too late; without a graded cell it counts.
    notebook.cells.append(notebook.cells.pop(2))
    result, remarks = put_together(notebook)
    assert answers(result) == RIGHT and result.cells[-1].source == wrong.source
    assert "sweep is defined in 2 cells; the one before its graded cell counts" in remarks
    notebook.cells.remove(cell(notebook, "pruning-sweep"))
    result, _ = put_together(notebook)
    assert cell(result, "pruning-sweep-answer").source == wrong.source


def test_an_old_attempt_in_the_cell_of_the_answer_is_pointed_out():
    notebook = solved()
    cell(notebook, "pruning-sweep-answer").source += "\n\ndef sweep(*_):\n    return 0"
    _, remarks = put_together(notebook)
    assert remarks == "sweep is defined 2 times in its cell; the last one counts"


def test_a_trial_that_takes_the_name_of_the_function_is_not_the_answer():
    notebook = solved()
    trial = nbformat.v4.new_code_cell("sweep = sweep(model, [0.5])")
    notebook.cells.append(trial)
    result, remarks = put_together(notebook)
    assert answers(result) == RIGHT
    assert result.cells[-1].source == trial.source
    assert remarks == "sweep is something else after the cell that defines it"


@pytest.mark.parametrize("where", [2, 50])
def test_an_assigned_answer_beside_the_stub_beats_the_stub(where):
    notebook = release()
    notebook.cells.insert(where, nbformat.v4.new_code_cell("sweep = lambda model, levels: []"))
    result, _ = put_together(notebook)
    assert cell(result, "pruning-sweep-answer").source == "sweep = lambda model, levels: []"
    assert not any("def sweep(" in c.source for c in result.cells)


@pytest.mark.parametrize("where", [0, -1])
def test_an_answer_beside_the_stub_beats_the_stub(where):
    notebook, right = release(), cell(solved(), "pruning-sweep-answer").source
    extra = nbformat.v4.new_code_cell(right)
    notebook.cells.insert(where % len(notebook.cells), extra)
    result, _ = put_together(notebook)
    assert cell(result, "pruning-sweep-answer").source == right
    assert sum("def sweep(" in c.source for c in result.cells) == 1


def test_a_cell_with_all_answers_is_run_once_and_no_stub_follows():
    notebook = release()
    cell(notebook, "pruning-code-1").source += "\n\n" + "\n\n".join(RIGHT)
    result, remarks = put_together(notebook)
    code = "\n".join(c.source for c in result.cells if c.cell_type == "code")
    assert code.count("def magnitude_mask") == 1
    assert STUB not in code
    assert "stands in the cell of another answer" in remarks


def test_an_answer_in_two_cells_stays_whole_and_in_order():
    notebook = solved()
    number = next(n for n, c in enumerate(notebook.cells) if c.id == "pruning-sweep-answer")
    helper = copy.deepcopy(notebook.cells[number])
    helper.source = "def of_sweep():\n    return 1"
    notebook.cells.insert(number, helper)
    result, _ = put_together(notebook)
    code = [c.source for c in result.cells if c.cell_type == "code"]
    assert code.index(helper.source) + 1 == code.index(RIGHT[4])
    assert answers(result) == RIGHT


def test_helpers_imports_and_magics_stay_where_they_were():
    notebook = solved()
    before = nbformat.v4.new_code_cell("%load_ext autoreload\nimport numpy as np")
    after = nbformat.v4.new_code_cell("!pip list\nhelper = 3")
    notebook.cells = [before, *notebook.cells[:10], after, *notebook.cells[10:]]
    result, remarks = put_together(notebook)
    assert [c.source for c in result.cells if not entry(c).get("locked")] == [
        c.source for c in notebook.cells if not entry(c).get("locked")
    ]
    assert remarks == ""


def test_what_a_student_defines_in_a_graded_cell_is_still_run():
    notebook = solved()
    cell(notebook, "pruning-sweep").source += "\ndef helper():\n    return 1"
    result, _ = put_together(notebook)
    extra = [c for c in result.cells if "def helper" in c.source]
    assert [c.id for c in extra] == ["student-001"]


def test_an_edited_cell_of_the_course_is_the_students_and_a_deleted_one_comes_back():
    notebook = solved()
    cell(notebook, "pruning-code-1").source += "\nimport math"
    notebook.cells.remove(cell(notebook, "pruning-magnitude_mask-code-1"))
    result, remarks = put_together(notebook)
    assert cell(result, "pruning-code-1").source.endswith("import math")
    assert cell(result, "pruning-magnitude_mask-code-1") == cell(
        source(), "pruning-magnitude_mask-code-1"
    )
    assert remarks == "deleted cells of the course were put back: pruning-magnitude_mask-code-1"


def test_an_answer_in_a_text_cell_is_code_again():
    notebook = solved()
    answer = cell(notebook, "pruning-sweep-answer")
    answer.cell_type = "markdown"
    del answer["outputs"], answer["execution_count"]
    result, remarks = put_together(notebook)
    assert answers(result) == RIGHT
    assert "was a cell of type markdown" in remarks


def test_an_emptied_answer_gives_the_stub():
    notebook = solved()
    cell(notebook, "pruning-sweep-answer").source = "  \n"
    result, remarks = put_together(notebook)
    assert STUB in cell(result, "pruning-sweep-answer").source
    assert remarks == "no answer pruning-sweep-answer was found"


def test_only_the_functions_are_enough():
    cells = [nbformat.v4.new_code_cell(text) for text in RIGHT]
    result, remarks = put_together(nbformat.v4.new_notebook(cells=cells))
    assert answers(result) == RIGHT
    assert "nbgrader's metadata were lost" in remarks
    # The course's imports come before them.
    assert [c.id for c in result.cells].index("pruning-code-1") < 3


def test_a_notebook_of_another_lab_is_told():
    result, remarks = put_together(release("weights"), "pruning")
    assert "no answer of this lab is in the notebook; it looks like the lab 'weights'" in remarks
    assert answers(result) == answers(release())


def written(notebook):
    return cell(notebook, "weights-reading").source


@pytest.mark.parametrize("how", ["ids", "grade id", "cell id", "place", "below", "split", "code"])
def test_answers_in_words(how):
    notebook, text = release("weights"), "All three have *one* peak."
    answer = cell(notebook, "weights-reading")
    number = notebook.cells.index(answer)
    answer.source = text
    if how != "ids" and how != "cell id":
        answer.id = "lost"
    if how not in ("ids", "grade id", "code"):
        answer.metadata = {}
    if how == "split":
        second = nbformat.v4.new_markdown_cell("The tails differ.")
        notebook.cells.insert(number + 1, second)
        text += "\n\nThe tails differ."
    if how == "below":
        stub = copy.deepcopy(cell(release("weights"), "weights-reading"))
        notebook.cells.insert(number, stub)
    if how == "code":
        answer.cell_type = "code"
    result, _ = put_together(notebook, "weights")
    assert written(result) == text
    assert cell(result, "weights-reading").cell_type == "markdown"


def test_a_picture_in_an_answer_in_words_is_kept():
    notebook = release("weights")
    answer = cell(notebook, "weights-reading")
    answer.source, answer.attachments = "![](a.png)", {"a.png": {"image/png": "AAAA"}}
    result, _ = put_together(notebook, "weights")
    assert cell(result, "weights-reading").attachments == {"a.png": {"image/png": "AAAA"}}


def test_notes_of_the_student_stay():
    notebook = solved()
    cell(notebook, "pruning-apply-exercise").source += "\n\nMy note."
    notebook.cells.insert(3, nbformat.v4.new_markdown_cell("Another note."))
    result, _ = put_together(notebook)
    texts = [c.source for c in result.cells]
    assert "Another note." in texts
    assert any(text.endswith("My note.") for text in texts)
    assert cell(source(), "pruning-apply-exercise").source in texts


def test_nbgraders_marks_in_an_answer_do_not_end_the_feedback():
    from nbgrader.preprocessors import ClearHiddenTests

    notebook = solved("weights")
    cell(notebook, "weights-code-1").source += "\n### BEGIN HIDDEN TESTS"
    cell(notebook, "weights-reading").source = "BEGIN HIDDEN TESTS BEGIN HIDDEN TESTS"
    result, _ = put_together(notebook, "weights")
    ClearHiddenTests().preprocess(result, {})


@pytest.mark.parametrize("name", REFUSED)
def test_refused_in_words(name):
    data, words = REFUSED[name]
    data = bytes(data) if isinstance(data, int) else data
    with pytest.raises(InputError) as caught:
        read_notebook(data)
    if "MiB" not in words:
        assert words in str(caught.value)
    # It ends in what to do.
    assert str(caught.value).rstrip(".").count(". ") >= 1


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_else(data):
    with contextlib.suppress(InputError):
        read_notebook(data)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
NAMES = """cells worksheets cell_type source input metadata nbgrader grade_id id attachments outputs
nbformat kernelspec language points"""
KEYS = st.sampled_from(NAMES.split()) | st.text(max_size=4)
VALUES = st.sampled_from(
    ["code", "markdown", "raw", "heading", "pruning-sweep", "pruning-sweep-answer", "def sweep():"]
)
JSON = st.recursive(
    SCALARS | VALUES,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=40,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(KEYS, JSON) | st.builds(lambda c: {"cells": c}, st.lists(JSON)))
def test_arbitrary_json_gives_a_valid_notebook_or_a_reason(value):
    with contextlib.suppress(InputError):
        put_together(json.dumps(value).encode())


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_notebook_gives_a_valid_one_or_a_reason(data):
    whole = bytearray(to_bytes(solved("weights")))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(whole) - 1))
        whole[start : start + data.draw(st.integers(0, 50))] = data.draw(st.binary(max_size=20))
    with contextlib.suppress(InputError):
        put_together(bytes(whole), "weights")


TEXTS = st.text(alphabet='"\\[]{}: a', max_size=150) | st.just("x\\" * 80)
NESTED = st.recursive(
    TEXTS | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["outputs", "attachments"]) | TEXTS, inner, max_size=4)
    ),
)


def emptied(value):
    """The value with nothing in its outputs and attachments."""
    if isinstance(value, list):
        return [emptied(one) for one in value]
    if isinstance(value, dict):
        return {
            key: type(one)()
            if key in ("outputs", "attachments") and isinstance(one, list | dict)
            else emptied(one)
            for key, one in value.items()
        }
    return value


@settings(max_examples=60, deadline=None)
@given(value=NESTED, indent=st.none() | st.just(1))
def test_outputs_are_cut_from_the_text_as_from_the_objects(value, indent):
    assert json.loads(_cut(json.dumps(value, indent=indent))) == emptied(value)


def test_the_limit_of_size_leaves_room():
    largest = max(path.stat().st_size for path in ROOT.glob("solutions/*/*.ipynb"))
    assert 100 * largest < LARGEST
