"""Students read what does not hold and why, and nothing that is not theirs to read."""

from dataclasses import replace

import graded
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sample import CLASS

from labkit.checks import REGISTRY, TASKS, Verdict
from labkit.grading.reports.feedback import feedback, file_name, shown, write_feedback

BY_NAME = {person.student: i for i, person in enumerate(CLASS)}


def _of(student):
    return graded.outcomes()[BY_NAME[student]]


def test_all_right_is_said_in_a_line_per_exercise():
    text = feedback(_of("amara"))
    assert text.startswith("Lab pruning: 38 of 38 points\n")
    assert text.count("all right") == 7
    assert "failed" not in text


def test_each_failed_property_has_its_message_and_something_to_read():
    outcome = _of("grete")
    text = feedback(outcome)
    for score in outcome.scores:
        assert f"{TASKS[score.id].title}: {shown(score.points)} of {score.out_of}" in text
        assert TASKS[score.id].section in text
        for verdict in score.verdicts:
            assert (f"failed  {verdict.name}" in text) or verdict.passed
            # A hint that several properties share is given in full once for each exercise.
            tried, _, hint = verdict.message.partition("This looks like ")
            assert tried in text and hint in text
            assert text.count(hint) == 1 or not hint
    assert "This looks like 'int() for round()'" in text
    assert "passed  " not in text


def test_an_open_exercise_still_says_what_to_read():
    text = feedback(_of("esi"))
    assert all(task.section in text for task in REGISTRY.values() if task.lab == "pruning")


def test_errors_of_cells_and_reasons_are_told():
    assert "NameError: name 'no_such_name' is not defined" in feedback(_of("hiro"))
    unreadable = feedback(_of("jonas"))
    assert unreadable.count("the file is cut off") == 1
    assert "0 of 38" in unreadable


def test_remarks_for_the_instructor_are_not_told():
    outcome = replace(_of("amara"), remarks=("code cell 3 uses os._exit: read it",))
    assert feedback(outcome) == feedback(_of("amara"))


def test_points_of_the_gradebook_come_first():
    text = feedback(_of("benedikt"), final=19.0)
    assert text.startswith("Lab pruning: 19 of 38 points\nThe checks gave 38 points.\n")


def test_questions_in_words_are_left_to_a_person():
    outcome = replace(_of("amara"), lab="weights", scores=())
    title = TASKS["weights.reading"].title
    assert f"{title}: 6 points, read by a person." in feedback(outcome)


def test_one_file_per_student_stays_in_its_folder(tmp_path):
    names = ["../../etc/passwd", ".", "..", "a/b", "a%2Fb", "José", "half\ud800", "C:\\x", "\0"]
    outcomes = [replace(_of("amara"), student=name) for name in names]
    paths = write_feedback(outcomes, tmp_path / "feedback", {"José": 12.5})
    assert len(set(paths)) == len(names)
    assert sorted(path.resolve() for path in paths) == sorted(
        path.resolve() for path in (tmp_path / "feedback").iterdir()
    )
    assert [p.name for p in tmp_path.iterdir()] == ["feedback"]
    assert "12.5 of 38" in (tmp_path / "feedback" / "José.txt").read_text(encoding="utf-8")


def test_a_message_that_cannot_be_encoded_is_written(tmp_path):
    score = _of("amara").scores[0]
    odd = replace(score, verdicts=(Verdict("a name", False, "raised \ud800"),))
    (path,) = write_feedback([replace(_of("amara"), scores=(odd,))], tmp_path)
    assert "raised ?" in path.read_text(encoding="utf-8")


@given(st.text(min_size=1), st.text(min_size=1))
def test_file_names_are_one_to_one_and_harmless(first, second):
    name = file_name(first)
    assert "/" not in name and "\\" not in name and "\0" not in name and name not in (".", "..")
    assert (name == file_name(second)) == (first == second)


@pytest.mark.parametrize(
    ("points", "text"), [(38.0, "38"), (5.1429, "5.14"), (0, "0"), (2.5, "2.5")]
)
def test_points_for_people(points, text):
    assert shown(points) == text
