"""What Canvas, Moodle and Gradescope read: their columns, their identifiers, the right points."""

import csv
import json
from dataclasses import replace

import graded
import pytest
from sample import CLASS, EXERCISES, OUT_OF

from labkit.checks import TASKS
from labkit.errors import InputError, SourceError
from labkit.grading.reports.exports import gradescope, write_canvas, write_gradescope, write_moodle
from labkit.grading.submissions.roster import Person

POINTS = {person.student: round(sum(person.points), 2) for person in CLASS}
PEOPLE = [
    Person(p.student, p.name, p.email, moodle=str(700 + n), canvas=str(900 + n))
    for n, p in enumerate(CLASS)
]


def _rows(path, delimiter=","):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def _canvas_export(path, delimiter=","):
    """As GradebookExporter of canvas-lms writes it, with a column of its own and totals."""
    head = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "Notes"]
    head += ["Essay (11)", "pruning (4711)", "Current Score", "Final Score"]
    rows = [head, ["", "", "", "", "", "", "Manual Posting", "", "", ""]]
    rows.append(["    Points Possible", *[""] * 5, "10.00", "38.00", "(read only)", "(read only)"])
    for n, person in enumerate(CLASS):
        first, last = person.name.split()
        identity = [f"{last}, {first}", str(900 + n), f"sis{n}", f"login{n}", "A; B", "x"]
        rows.append([*identity, "7.00", "", "70", "70"])
    rows.append(["Student, Test", "999", "", "f00", "A; B", "", "", "", "", ""])
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file, delimiter=delimiter).writerows(rows)
    return path


def _worksheet(path, maximum="38.00"):
    """As Moodle's "Download grading worksheet" writes it."""
    head = ["Identifier", "Full name", "Email address", "Status", "Grade", "Maximum Grade"]
    head += ["Grade can be changed", "Last modified (grade)", "Feedback comments"]
    rows = [head]
    for n, person in enumerate(CLASS):
        identity = [f"Participant {700 + n}", person.name, person.email]
        rows.append([*identity, "Submitted for grading", "", maximum, "Yes", "-", ""])
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_canvas_keeps_its_identifiers_and_gets_its_assignment(tmp_path, delimiter):
    book = _canvas_export(tmp_path / "book.csv", delimiter)
    lacking = write_canvas(graded.outcomes(), tmp_path / "x.csv", gradebook=book, people=PEOPLE)
    possible, *rows = _rows(tmp_path / "x.csv")
    columns = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", "pruning (4711)"]
    assert lacking == () and list(possible) == columns
    # GradebookImporter finds this row by the text, and takes the points from it.
    assert "Points Possible" in possible["Student"] and possible["pruning (4711)"] == "38.0"
    for n, (person, row) in enumerate(zip(CLASS, rows, strict=True)):
        assert (row["ID"], row["SIS User ID"], row["Section"]) == (str(900 + n), f"sis{n}", "A; B")
        assert float(row["pruning (4711)"]) == POINTS[person.student]


def test_canvas_without_its_file_takes_the_class_list_or_the_ids(tmp_path):
    assert write_canvas(graded.outcomes(), tmp_path / "x.csv", people=PEOPLE) == ()
    row = _rows(tmp_path / "x.csv")[1]
    assert list(row) == ["Student", "ID", "SIS Login ID", "Section", "pruning"]
    assert list(row.values())[:3] == ["Amara Osei", "900", "amara"]
    assert write_canvas(graded.outcomes(), tmp_path / "y.csv") == ()
    assert [row["SIS Login ID"] for row in _rows(tmp_path / "y.csv")[1:]] == list(POINTS)


def test_a_platforms_number_in_an_id_finds_the_student(tmp_path):
    """So are the ids of a download that was taken in without a class list."""
    outcomes = [replace(graded.outcomes()[2], student="conti-chiara-902")]
    book = _canvas_export(tmp_path / "book.csv")
    assert write_canvas(outcomes, tmp_path / "x.csv", gradebook=book) == ()
    assert _rows(tmp_path / "x.csv")[1]["Student"] == "Conti, Chiara"
    outcomes = [replace(graded.outcomes()[2], student="Chiara-Conti-702")]
    sheet = _worksheet(tmp_path / "sheet.csv")
    assert write_moodle(outcomes, tmp_path / "y.csv", gradebook=sheet) == ()
    assert _rows(tmp_path / "y.csv")[0]["Email address"] == "chiara@example.org"


def test_who_is_not_known_is_told_and_left_out(tmp_path):
    stranger = replace(graded.outcomes()[0], student="nobody")
    twin = replace(graded.outcomes()[0], student="amara@example.org")
    outcomes = [*graded.outcomes()[:2], stranger, twin]
    sheet = _worksheet(tmp_path / "sheet.csv")
    lacking = write_moodle(outcomes, tmp_path / "x.csv", gradebook=sheet, people=PEOPLE)
    assert lacking == ("nobody", "amara@example.org"), "a row is filled in once"
    assert len(_rows(tmp_path / "x.csv")) == 2


def test_two_who_share_a_name_are_not_mixed_up(tmp_path):
    book = tmp_path / "book.csv"
    book.write_text('Student,ID,SIS Login ID,Section\n"Li, Wei",1,a,A\n"Li, Wei",2,b,A\n')
    outcomes = [replace(graded.outcomes()[0], student=name) for name in ("Li, Wei", "b")]
    assert write_canvas(outcomes, tmp_path / "x.csv", gradebook=book) == ("Li, Wei",)
    assert [row["ID"] for row in _rows(tmp_path / "x.csv")] == ["", "2"]


def test_moodles_worksheet_comes_back_whole_with_grades_and_feedback(tmp_path):
    sheet = _worksheet(tmp_path / "sheet.csv")
    assert write_moodle(graded.outcomes(), tmp_path / "x.csv", gradebook=sheet, people=PEOPLE) == ()
    before, after = _rows(sheet), _rows(tmp_path / "x.csv")
    assert list(before[0]) == list(after[0])
    for person, old, new in zip(CLASS, before, after, strict=True):
        assert float(new.pop("Grade")) == POINTS[person.student]
        said = new.pop("Feedback comments")
        assert said.startswith("Lab pruning: ") and "<br>" in said
        # HTML: what a student wrote is text in it.
        assert "<" not in said.replace("<br>", "")
        assert new.items() <= old.items()


def test_moodles_gradebook_takes_email_or_id_number(tmp_path):
    assert write_moodle(graded.outcomes(), tmp_path / "x.csv", people=PEOPLE) == ()
    rows = _rows(tmp_path / "x.csv")
    assert list(rows[0]) == ["ID number", "Email address", "pruning", "pruning feedback"]
    assert [row["Email address"] for row in rows] == [person.email for person in CLASS]
    book = tmp_path / "book.csv"
    book.write_text(
        "First name,Last name,ID number,Email address,Essay (Real),Last downloaded\n"
        "Esi,Mensah,77,esi@example.org,3,1\n"
    )
    lacking = write_moodle(graded.outcomes(), tmp_path / "y.csv", gradebook=book, people=PEOPLE)
    (row,) = _rows(tmp_path / "y.csv")
    assert len(lacking) == 11 and row["ID number"] == "77" and row["pruning"] == "0.0"
    assert list(row)[-2:] == ["pruning", "pruning feedback"] and "Essay (Real)" not in row


def test_another_maximum_grade_is_refused_with_the_remedy(tmp_path):
    for maximum in ("100.00", "Scale: pass"):
        sheet = _worksheet(tmp_path / "sheet.csv", maximum)
        with pytest.raises(InputError, match=rf"{maximum}.*Set the maximum grade to 38"):
            write_moodle(graded.outcomes(), tmp_path / "x.csv", gradebook=sheet)
    sheet = _worksheet(tmp_path / "sheet.csv", "38,00")
    assert not write_moodle(graded.outcomes(), tmp_path / "x.csv", gradebook=sheet, people=PEOPLE)


def test_canvas_refuses_other_points_and_does_not_choose_of_two(tmp_path):
    book = _canvas_export(tmp_path / "book.csv")
    text = book.read_text(encoding="utf-8-sig")
    for possible in ("100.00", "n/a"):
        book.write_text(text.replace("38.00", possible))
        with pytest.raises(
            InputError, match=rf"points possible is {possible}.*Set.*to 38 in Canvas"
        ):
            write_canvas(graded.outcomes(), tmp_path / "x.csv", gradebook=book, people=PEOPLE)
    book.write_text(text.replace("38.00", "100.00").replace("pruning (4711)", "Lab two (4711)"))
    write_canvas(graded.outcomes(), tmp_path / "x.csv", gradebook=book, people=PEOPLE)  # a new one
    two = text.replace("Essay (11)", "Pruning (11)")
    book.write_text(two)
    with pytest.raises(
        InputError, match=r"2 assignments.*Pruning \(11\), pruning \(4711\).*--column"
    ):
        write_canvas(graded.outcomes(), tmp_path / "x.csv", gradebook=book, people=PEOPLE)
    book.write_text(two.replace("10.00", "38"))
    for column in ("pruning (4711)", "Pruning (11)"):
        more = {"gradebook": book, "people": PEOPLE, "column": column}
        assert write_canvas(graded.outcomes(), tmp_path / "x.csv", **more) == ()
        assert list(_rows(tmp_path / "x.csv")[0])[-1] == column
    with pytest.raises(InputError, match="no column 'x'; it has Notes, Pruning"):
        write_canvas(graded.outcomes(), tmp_path / "y.csv", gradebook=book, column="x")
    assert not (tmp_path / "y.csv").exists()


GERMAN = {
    "Identifier": "ID",
    "Full name": "Vollständiger Name",
    "Email address": "E-Mail-Adresse",
    "Maximum Grade": "Bestwertung",
    "Grade can be changed": "Bewertung kann geändert werden",
    "Last modified (grade)": "Zuletzt geändert (Bewertung)",
    "Feedback comments": "Feedback als Kommentar",
    "Grade": "Bewertung",
    "Participant ": "Teilnehmer/in",
}


def test_moodles_worksheet_in_german(tmp_path):
    text = _worksheet(tmp_path / "sheet.csv", "38,00").read_text(encoding="utf-8")
    for english, german in GERMAN.items():
        text = text.replace(english, german)
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(text, encoding="utf-8")
    # With numbers alone, with addresses alone, and with names alone.
    for people in (
        [replace(p, name="", email="") for p in PEOPLE],
        [replace(p, name="", moodle="") for p in PEOPLE],
        [replace(p, moodle="", email="") for p in PEOPLE],
    ):
        path = tmp_path / "x.csv"
        assert write_moodle(graded.outcomes(), path, gradebook=sheet, people=people) == ()
        for person, old, new in zip(CLASS, _rows(sheet), _rows(path), strict=True):
            assert list(old) == list(new)
            assert float(new["Bewertung"]) == POINTS[person.student]
            assert new["Feedback als Kommentar"].startswith("Lab pruning: ")
    sheet.write_text(text.replace("38,00", "100,00"), encoding="utf-8")
    with pytest.raises(InputError, match="maximum grade is 100,00"):
        write_moodle(graded.outcomes(), path, gradebook=sheet, people=PEOPLE)


def test_a_file_without_any_of_the_students_is_refused(tmp_path):
    sheet = _worksheet(tmp_path / "sheet.csv")
    strangers = [replace(outcome, student=f"x{n}") for n, outcome in enumerate(graded.outcomes())]
    with pytest.raises(
        InputError, match=r"sheet\.csv has none of the 12 students, among them 'x0'"
    ):
        write_moodle(strangers, tmp_path / "x.csv", gradebook=sheet)
    assert not (tmp_path / "x.csv").exists()


def test_final_points_with_late_penalty_replace_those_of_the_checks(tmp_path):
    finals = {"benedikt": 19.0, "amara": 40.0}
    write_canvas(graded.outcomes(), tmp_path / "c.csv", finals=finals)
    write_moodle(graded.outcomes(), tmp_path / "m.csv", finals=finals)
    canvas = {row["SIS Login ID"]: float(row["pruning"]) for row in _rows(tmp_path / "c.csv")}
    moodle = {row["ID number"]: row for row in _rows(tmp_path / "m.csv")}
    assert (canvas["benedikt"], canvas["amara"], canvas["grete"]) == (19, 40, POINTS["grete"])
    assert float(moodle["benedikt"]["pruning"]) == 19
    assert "The checks gave 38 points." in moodle["benedikt"]["pruning feedback"]
    assert gradescope(graded.outcomes()[1], finals)["score"] == 19


def test_gradescope_has_a_test_per_exercise(tmp_path):
    paths = write_gradescope(graded.outcomes(), tmp_path)
    assert [path.relative_to(tmp_path).parts for path in paths] == [
        (person.student, "results.json") for person in CLASS
    ]
    for person, path in zip(CLASS, paths, strict=True):
        found = json.loads(path.read_text(encoding="utf-8"))
        assert found["score"] == POINTS[person.student]
        assert type(found["execution_time"]) is int and found["visibility"] == "visible"
        for test, points, out_of, name in zip(
            found["tests"], person.points, OUT_OF, EXERCISES, strict=True
        ):
            assert (test["score"], test["max_score"]) == (points, out_of)
            assert test["status"] == ("passed" if points == out_of else "failed")
            assert test["name"] == TASKS[f"pruning.{name}"].title
            assert set(test) <= {
                *("name", "score", "max_score", "status", "output", "output_format", "visibility")
            }
    assert "cut off" in json.loads(paths[9].read_text(encoding="utf-8"))["output"]


def test_a_name_like_a_path_or_formula_does_no_harm(tmp_path):
    outcomes = [replace(graded.outcomes()[0], student=name) for name in ("../../x", "=1+1", "..")]
    paths = write_gradescope(outcomes, tmp_path / "g")
    assert all(path.resolve().is_relative_to(tmp_path / "g") for path in paths)
    assert len({path.resolve() for path in paths}) == 3
    write_canvas(outcomes, tmp_path / "x.csv")
    assert [row["Student"] for row in _rows(tmp_path / "x.csv")][1:] == ["../../x", "'=1+1", ".."]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Vorname,Nachname\nA,B\n", "none of the columns"),
        (b"", "cannot be read"),
        (b"\xff\xfe\x00", "cannot be read"),
        (b"ID,Student\n1,A\n", "Student, ID and Section"),
    ],
)
def test_a_gradebook_that_is_none_is_named(tmp_path, content, message):
    book = tmp_path / "book.csv"
    book.write_bytes(content)
    with pytest.raises(InputError, match=message) as told:
        write_canvas(graded.outcomes(), tmp_path / "x.csv", gradebook=book)
    assert "book.csv" in str(told.value) and not (tmp_path / "x.csv").exists()


def test_labs_are_exported_one_at_a_time(tmp_path):
    two = [graded.outcomes()[0], replace(graded.outcomes()[1], lab="size")]
    for outcomes in (two, []):
        with pytest.raises(InputError, match="one lab at a time"):
            write_canvas(outcomes, tmp_path / "x.csv")


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SourceError, match="file"):
        write_moodle(graded.outcomes(), tmp_path / "file" / "x.csv")
