"""Downloads of learning platforms: each student under the right name, the newest attempt counts."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from broken import zipped
from notebooks import solved, to_bytes

from labkit.errors import InputError
from labkit.grading.submissions.choose_file import NOTHING
from labkit.grading.submissions.intake import LATE, take_in
from labkit.grading.submissions.roster import Person
from labkit.grading.submissions.times_in_names import digits, in_utc, written_out

RIGHT = to_bytes(solved())
ROSTER = [
    Person("al", "Ada Lovelace", "ada@example.org", also=("adal",)),
    Person("ms", "Mary-Ann Smith", "mas@example.org", also=("90210",)),
    Person("jm", "Jörg Müller", "jorg.mueller@example.org"),
    Person("li", "李 小龙", "bruce@example.org"),
]


def book(mark):
    """A notebook that can be told from others."""
    return b'{"cells": [], "mark": "%s"}' % mark.encode()


def write(root, files):
    for name, content in files.items():
        path = root / name
        if content is None:
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def marks(handed):
    """The mark of the notebook of each student, or the problem."""
    return {
        one.student: one.problem if one.data is None else one.data.split(b'"')[-2].decode()
        for one in handed
    }


@pytest.fixture(params=["folder", "zip", "zip in a zip"])
def made(request, tmp_path):
    def make(files, name="download"):
        if request.param == "folder":
            return write(tmp_path / name, files)
        data = zipped({n + "/" * (c is None): c or b"" for n, c in files.items()})
        if request.param == "zip in a zip":
            data = zipped({f"{name}.zip": data})
        (tmp_path / f"{name}.zip").write_bytes(data)
        return tmp_path / f"{name}.zip"

    return make


def attempt(name, when, numbers):
    return f"{numbers} - {name} - {when}"


BRIGHTSPACE = {
    "index.html": b"<html>",
    attempt("Ada Lovelace", "Sep 24, 2024 926 PM", "101-5001") + "/lab.ipynb": book("old"),
    attempt("Ada Lovelace", "Sep 25, 2024 1026 AM", "101-5001") + "/pruning.ipynb": book("new"),
    attempt("Mary-Ann Smith", "Sep 24, 2024 1201 AM", "102-5001") + "/a.ipynb": book("mary"),
    attempt("Jörg Müller", "24 September 2024 310 PM", "103-5001") + "/a.ipynb": book("jörg"),
    attempt("李 小龙", "Sep 24, 2024 2126", "104-5001") + "/a.ipynb": book("li"),
}


@pytest.mark.parametrize("wrapper", ["", "Lab 2 Download Sep 26, 2024 320 PM/"])
def test_brightspace(made, wrapper):
    path = made({wrapper + name: data for name, data in BRIGHTSPACE.items()})
    found = take_in(path, "pruning", ROSTER, zone=ZoneInfo("America/Toronto"))
    assert marks(found.handed) == {"al": "new", "jm": "jörg", "li": "li", "ms": "mary"}
    times = {one.student: one.submitted for one in found.handed}
    assert times == {
        "al": "2024-09-25T14:26:00+00:00",
        "jm": "2024-09-24T19:10:00+00:00",
        "li": "2024-09-25T01:26:00+00:00",
        "ms": "2024-09-24T04:01:00+00:00",
    }
    assert "the last of 2 attempts was graded" in found.handed[0].remarks
    assert found.notes == ("1 beside the submissions, left out: 'index.html'",)
    alone = take_in(path, "pruning").handed
    assert [one.student for one in alone] == [
        *("Ada-Lovelace-101", "Jörg-Müller-103", "Mary-Ann-Smith-102", "李-小龙-104")
    ]


def test_brightspaces_numbers_tell_two_of_one_name_from_two_attempts(tmp_path):
    first, second = "Sep 24, 2024 926 PM", "Sep 24, 2024 927 PM"
    cases = {
        ("101-7", "101-7"): 1,
        ("101-7", "101-8"): 1,  # the first number is the student's
        ("55-101", "56-101"): 1,  # the second is
        ("101-7", "103-7"): 2,
    }
    for number, ((one, other), students) in enumerate(cases.items()):
        rest = "102-7" if one == "101-7" and other.endswith("7") else "102-9"
        path = write(
            tmp_path / str(number),
            {
                attempt("Ada Ray", first, one) + "/a.ipynb": book("old"),
                attempt("Ada Ray", second, other) + "/a.ipynb": book("new"),
                attempt("Bob Oh", first, rest) + "/a.ipynb": book("bob"),
            },
        )
        found = marks(take_in(path, "pruning").handed)
        assert len(found) == students + 1, (one, other, found)
        assert ("old" in found.values()) == (students == 2)


def test_brightspace_with_files_and_register_numbers(made):
    path = made(
        {
            "101-5001 - 90210 - Smith, Mary-Ann - Sep 24, 2024 926 PM - my - lab.ipynb": book("m"),
            "102-5001 - N0123 - Ada Lovelace- Sep 24, 2024 926 PM - pruning.ipynb": book("a"),
            "103-5001 - Joerg Mueller - Sep 24, 2024 926 PM - pruning.ipynb": book("j"),
        }
    )
    assert marks(take_in(path, "pruning", ROSTER[:3]).handed) == {"al": "a", "jm": "j", "ms": "m"}


def test_the_newest_attempt_that_holds_a_notebook_counts(tmp_path):
    path = write(
        tmp_path,
        {
            attempt("Ada Ray", "Dec 24, 2024 926 AM", "101-7") + "/a.ipynb": book("kept"),
            attempt("Ada Ray", "Mar 1, 2024 926 PM", "101-7") + "/a.ipynb": book("older"),
            attempt("Ada Ray", "Jan 2, 2025 926 PM", "101-7") + "/note.pdf": b"%PDF",
            attempt("Bob Oh", "Jan 2, 2025 926 PM", "102-7") + "/note.pdf": b"%PDF",
        },
    )
    ada, bob = take_in(path, "pruning").handed
    assert ada.data == book("kept")
    assert "of 3 attempts the last 1 held no notebook; the one before was graded" in ada.remarks
    assert bob.problem == "there is no notebook in it, only 'note.pdf'"


NOTE = b"""Name: Ada B. Lovelace (ada_l)
Assignment: Lab 2
Date Submitted: Monday, March 1, 2027 10:30:00 AM EST

Submission Field:
There is no student submission text data for this assignment.
"""
BLACKBOARD = {
    "Lab_2_3_ada_l_attempt_2027-03-01-10-30-00.txt": NOTE,
    "Lab_2_3_ada_l_attempt_2027-03-01-10-30-00_pruning.ipynb": book("old"),
    "Lab_2_3_ada_l_attempt_2027-03-02-10-30-00_x_bob_attempt_2027-09-01-10-30-00_p.ipynb": book(
        "ada"
    ),
    "Lab_2_3_mas_attempt_2027-03-01-10-30-00_work.zip": zipped({"pruning.ipynb": book("mary")}),
    "Lab_2_3_jorg.mueller_attempt_2027-03-01-10-30-00.txt": b"Name: Jorg (jorg.mueller)\n",
    "Lab_2_3_90210_attempt_2027-03-01-10-30-00_pruning.ipynb": book("90210"),
}


def test_blackboard(made):
    people = [Person("al", "Ada B. Lovelace"), *ROSTER[2:3], Person("ms", "", "mas@example.org")]
    people += [Person("x", "X", also=("90210",))]
    found = take_in(made(BLACKBOARD), "pruning", people, zone=ZoneInfo("UTC")).handed
    assert marks(found) == {
        "al": "ada",
        "jm": "there is no notebook in it, only 'the text of the attempt.txt'",
        "ms": "mary",
        "x": "90210",
    }
    assert found[0].submitted == "2027-03-02T10:30:00+00:00"
    alone = take_in(made({"a/" + n: d for n, d in BLACKBOARD.items()}, "b"), "pruning").handed
    assert [one.student for one in alone] == [
        *("90210", "Ada-B.-Lovelace-ada_l", "Jorg-jorg.mueller", "mas")
    ]


GRADESCOPE = """---
submission_101:
  :submitters:
  - :name: Ada Lovelace
    :sid: '90001'
    :email: other@example.org
  :created_at: 2027-03-01 10:30:00.123456000 -05:00
  :score: 3.0
  :status: processed
  :results: !ruby/hash:ActiveSupport::HashWithIndifferentAccess
    tests: []
  :history:
  - :created_at: 2027-02-28 10:30:00.123456000 Z
submission_102:
  :submitters:
  - :name: M. Smith
    :sid: 90210
    :email:
  - :name: Nobody
    :email: Jorg.Mueller@example.org
  :created_at: 2027-03-01 10:30:00.123456000 Z
"""


def test_gradescope(made):
    files = {
        "submission_metadata.yml": GRADESCOPE.encode(),
        "submission_101/pruning.ipynb": book("ada"),
        "submission_102/work/pruning.ipynb": book("both"),
    }
    path = made({f"assignment_7_export/{name}": data for name, data in files.items()})
    found = take_in(path, "pruning", ROSTER[:3])
    assert marks(found.handed) == {"al": "ada", "jm": "both", "ms": "both"}
    assert found.handed[0].submitted == "2027-03-01T15:30:00.123456+00:00"
    assert found.notes == ()
    del files["submission_metadata.yml"]
    with pytest.raises(InputError, match=r"stand in submission_metadata\.yml, which is missing"):
        take_in(made(files, "without"), "pruning", ROSTER)


@pytest.mark.parametrize(
    "text", [b"a: [", b"\xff\xfe", b"- 1", b"a: &a [*a]", b"x: {':submitters': 3}"]
)
def test_gradescopes_names_that_cannot_be_read(tmp_path, text):
    files = {"submission_metadata.yml": text, "submission_1/pruning.ipynb": book("a")}
    with pytest.raises(InputError, match=r"submission_metadata\.yml"):
        take_in(write(tmp_path, files), "pruning")


def test_gradescopes_numbers_keep_their_zeros_and_nobodys_work_is_not_dropped(tmp_path):
    said = GRADESCOPE.replace("'90001'", "00017").replace("other@example.org", "~")
    files = {"submission_metadata.yml": said.encode()}
    files |= {f"submission_{n}/pruning.ipynb": book(str(n)) for n in (101, 102, 103)}
    people = [Person("00017", "A. K."), *ROSTER[1:3]]
    found = take_in(write(tmp_path, files), "pruning", people)
    assert marks(found.handed) == {
        "00017": "101",
        "jm": "102",
        "ms": "102",
        "submission_103": "103",
    }
    assert found.notes == ("1 not in the roster: 'submission_103'",)


def test_logins_with_underscores_and_numbers(tmp_path):
    logins = ("a.b_c", "c_d", "00777")
    people = [Person(f"p{n}", also=(login,)) for n, login in enumerate(logins)]
    files = {f"L_2_{n}_attempt_2027-03-01-10-30-00_my_attempt.ipynb": book(n) for n in logins}
    path = write(tmp_path / "blackboard", files)
    assert list(marks(take_in(path, "pruning", people).handed).values()) == list(logins)
    files["L_2_x_y_attempt_2027-03-01-10-30-00.txt"] = b"Name: X Y (x_y)\n"  # tells the task
    path = write(tmp_path / "noted", files)
    assert [*marks(take_in(path, "pruning").handed)] == ["00777", "X-Y-x_y", "a.b_c", "c_d"]
    files = {f"pruning-{n}/pruning.ipynb": book(n) for n in ("Wei-Chen-99", "wei-chen")}
    people = [Person("w9", also=("wei-chen-99",)), Person("w", also=("wei-chen",))]
    found = marks(take_in(write(tmp_path / "github", files), "pruning", people).handed)
    assert found == {"w9": "Wei-Chen-99", "w": "wei-chen"}


@pytest.mark.parametrize("wrapper", ["lab-2-submissions/lab-2-", "x/pruning-", "pruning-"])
def test_github_classroom(made, wrapper):
    people = [Person("a", also=("ada-lovelace",)), Person("b", also=("Bob99",)), Person("c", "C D")]
    path = made(
        {
            wrapper + "ada-lovelace/pruning.ipynb": book("ada"),
            wrapper + "ada-lovelace/README.md": b"",
            wrapper + "ada-lovelace/.git/HEAD": b"",
            wrapper + "bob99/src/pruning.ipynb": book("bob"),
        }
    )
    assert marks(take_in(path, "pruning", people).handed) == {"a": "ada", "b": "bob", "c": NOTHING}
    assert marks(take_in(path, "pruning").handed) == {"ada-lovelace": "ada", "bob99": "bob"}


def test_google(made):
    path = made(
        {
            "Lab 2/Ada Lovelace - pruning.ipynb": book("ada"),
            "Lab 2/Mary-Ann Smith - Copy of pruning.ipynb": book("mary"),
            "Lab 2/pruning - Jörg Müller.ipynb": book("jörg"),
            "Lab 2/李 小龙 - pruning(1).ipynb": book("li"),
        }
    )
    found = take_in(path, "pruning", ROSTER)
    assert marks(found.handed) == {"al": "ada", "jm": "jörg", "li": "li", "ms": "mary"}
    assert "Ada-Lovelace" in marks(take_in(path, "pruning").handed)


def test_canvas_texts_links_names_and_hidden_names(made):
    path = made(
        {
            "lovelace_ada_LATE_12345_678_pruning.ipynb": book("ada"),
            "smithmary_late_12346_link.html": b"<html>",
            "mullerjorg_12347_text.html": b"<html>",
            "12_348_679_pruning.ipynb": book("digits"),
        }
    )
    found = {one.student: one for one in take_in(path, "pruning").handed}
    assert list(found) == ["12-348", "lovelace_ada-12345", "mullerjorg-12347", "smithmary-12346"]
    assert found["lovelace_ada-12345"].remarks == (LATE,)
    assert found["smithmary-12346"].remarks == (LATE,)
    assert "only 'link.html'" in found["smithmary-12346"].problem
    assert "only 'text.html'" in found["mullerjorg-12347"].problem
    hidden = made(
        {"anon_aB3x9_678_a.ipynb": book("a"), "LATE_anon_12345_679_b.ipynb": book("b")}, "h"
    )
    assert marks(take_in(hidden, "pruning").handed) == {"anon_12345": "b", "anon_aB3x9": "a"}
    with pytest.raises(InputError, match="Canvas hides the names"):
        take_in(hidden, "pruning", ROSTER)


def test_a_quiz_of_canvas(made):
    path = made(
        {
            "lovelace_ada12345_question_67_8910_pruning.ipynb": book("ada"),
            "smith_maryann99_question_67_8911_x_1_2_pruning.ipynb": book("mary"),
        }
    )
    people = [Person("al", canvas="12345"), Person("ms", canvas="99")]
    assert marks(take_in(path, "pruning", people).handed) == {"al": "ada", "ms": "mary"}


def test_moodles_groups_feedback_and_participants(made):
    path = made(
        {
            "Group 1-B-Ada Lovelace_1_assignsubmission_file_/pruning.ipynb": book("ada"),
            "Group 1-B-Ada Lovelace_1_assignfeedback_file_/marked.ipynb": book("teacher"),
            "Default group-Mary-Ann Smith_2_assignsubmission_file_/pruning.ipynb": book("mary"),
            "Jörg Müller_3_assignfeedback_editpdf_/x.pdf": b"",
            "Jörg Müller_3_assignsubmission_file_12_34_x.ipynb": book("jörg"),
            "李 小龙_4_assignsubmission_onlinetext_/onlinetext.html": b"",
        }
    )
    found = take_in(path, "pruning", ROSTER)
    assert marks(found.handed) == {
        "al": "ada",
        "jm": "jörg",
        "li": "there is no notebook in it, only 'onlinetext.html'",
        "ms": "mary",
    }
    assert any("2 beside the submissions" in note for note in found.notes)
    blind = made({"Participant_7_assignsubmission_file_/a.ipynb": book("a")}, "blind")
    (one,) = take_in(blind, "pruning", [Person("x", moodle="7")]).handed
    assert one.student == "x"


def test_one_name_spelt_in_two_ways_is_one_student(tmp_path):
    spelt = ("Jo\u0308rg Mu\u0308ller", "J\u00f6rg M\u00fcller")
    kinds = ("file_/pruning.ipynb", "onlinetext_/onlinetext.html")
    files = {
        f"{name}_3_assignsubmission_{kind}": book("j")
        for name, kind in zip(spelt, kinds, strict=True)
    }
    assert marks(take_in(write(tmp_path, files), "pruning", ROSTER[2:3]).handed) == {"jm": "j"}


@pytest.mark.parametrize("by_question", [False, True])
def test_essays_of_a_quiz_of_moodle(made, by_question):
    places = {
        ("Lovelace_Ada_17_20270301_103000", "Question_1_-_Pruning"): "old",
        ("Lovelace_Ada_19_20270301_113000", "Question_1_-_Pruning"): "new",
        ("Smith_Mary-Ann_18_20270301_113000", "Question_1_-_Pruning"): "mary",
    }
    path = made(
        {
            "/".join(parts[::-1] if by_question else parts) + "/attachments/pruning.ipynb": book(
                mark
            )
            for parts, mark in places.items()
        }
    )
    assert marks(take_in(path, "pruning", ROSTER[:2]).handed) == {"al": "new", "ms": "mary"}


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("Lovelace, Ada - 90001", "al"),
        ("Ada Lovelace (90001)", "al"),
        ("90001_Ada Lovelace", "al"),
        ("ada@example.org", "al"),
        ("ADAL", "al"),
        ("x (90210)", "ms"),
        ("Jo\u0308rg Mu\u0308ller", "jm"),
        ("Mueller, Joerg", "jm"),
        ("小龙 李", "li"),
    ],
)
def test_folders_by_hand_are_matched(tmp_path, name, student):
    files = {f"{name}/pruning.ipynb": book("a"), "jm2/pruning.ipynb": book("b")}
    people = [person for person in ROSTER if person.student == student]
    found = marks(take_in(write(tmp_path, files), "pruning", [*people, Person("jm2")]).handed)
    assert found == {student: "a", "jm2": "b"}


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("ada lovelac", ROSTER[0]),
        ("Ada L.", ROSTER[0]),
        ("lovelaceadak_7_8_x.ipynb", ROSTER[0]),
        ("a-mueller", ROSTER[2]),
        ("jorg", ROSTER[2]),
        ("小龙", ROSTER[3]),
        ("00451", Person("451", "Emil Q")),  # a spreadsheet took the zeros
    ],
)
def test_one_that_is_called_much_like_somebody_of_whom_nothing_is_there_is_refused(
    tmp_path, name, person
):
    files = {f"{n}/pruning.ipynb": book(n) for n in ("p1", "p2", "p3", name)}
    people = [*map(Person, ("p1", "p2", "p3")), person]
    with pytest.raises(InputError, match=r"1 of 4 submissions .*nothing was graded"):
        take_in(write(tmp_path / "like", files), "pruning", people)
    del files[f"{name}/pruning.ipynb"]
    files["guest/pruning.ipynb"] = book("guest")
    assert len(take_in(write(tmp_path / "guest", files), "pruning", people).handed) == 5


# Who cannot be told.


def test_many_that_match_nobody_are_refused_before_grading(tmp_path):
    files = {f"person{n}/pruning.ipynb": book(str(n)) for n in range(5)}
    people = [Person(f"p{n}", f"Name {n}") for n in range(6)]
    with pytest.raises(InputError) as told:
        take_in(write(tmp_path, files), "pruning", people)
    said = str(told.value)
    assert "5 of 5 submissions are of nobody in the roster, and of 6 in it nothing" in said
    assert "--map FILE" in said
    for n in range(5):
        assert f"  person{n}" in said and f"p{n}  Name {n}" in said
    # Those who are in the class are all there: the others are guests.
    files |= {f"p{n}/pruning.ipynb": book(f"p{n}") for n in range(6)}
    found = take_in(write(tmp_path, files), "pruning", people)
    assert len(found.handed) == 11
    assert found.notes[0].startswith("5 not in the roster: 'person0', ")


def test_a_few_are_graded_and_told(tmp_path):
    files = {f"{name}/pruning.ipynb": book(name) for name in ("al", "ms", "jm", "guest")}
    found = take_in(write(tmp_path, files), "pruning", ROSTER)
    assert found.notes == (
        "1 not in the roster: 'guest'",
        "1 in the roster, of whom nothing was found: li",
        "if some of these belong together, say so with --map FILE (see --help)",
    )


def table(tmp_path, text):
    path = tmp_path / "map.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_map_says_whose_submissions_are(tmp_path):
    files = {f"person{n}/pruning.ipynb": book(str(n)) for n in range(5)}
    path = write(tmp_path / "class", files)
    rows = "submission,student\nperson0,al\nperson1/,ADA@example.org\n"
    with pytest.raises(InputError, match="the map gives al both 'person0' and 'person1'"):
        take_in(path, "pruning", ROSTER, mapped=table(tmp_path, rows))
    rows = (
        "student;submission\nal;PERSON0\nms;person1\njm;person1\n-;person3\nli;person2\n-;person4"
    )
    found = take_in(path, "pruning", ROSTER, mapped=table(tmp_path, rows))
    assert marks(found.handed) == {"al": "0", "jm": "1", "li": "2", "ms": "1"}
    assert found.notes == ("2 beside the submissions, left out: 'person3', 'person4'",)
    free = "submission,student\nperson0,zoë\n"
    assert "zoë" in marks(take_in(path, "pruning", mapped=table(tmp_path, free)).handed)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("submission,student\nperson9,al\n", "there is no submission 'person9'"),
        ("submission,student\nperson0,nobody\n", "line 2: the student 'nobody' is not in the"),
        ("submission,student\nperson0,\n", "line 2: .* lacks the submission or the student"),
        ("submission\nperson0\n", "no column `student`"),
        ("submission,student\nperson0,a,b\n", "line 2: .*has 3 cells"),
    ],
)
def test_a_map_that_is_wrong(tmp_path, rows, said):
    path = write(tmp_path / "class", {"person0/pruning.ipynb": book("0"), "al/a.ipynb": book("a")})
    with pytest.raises(InputError, match=said):
        take_in(path, "pruning", ROSTER, mapped=table(tmp_path, rows))


def test_a_map_names_hidden_students_and_one_of_two_attempts(tmp_path):
    path = write(
        tmp_path / "c", {"anon_aB3x9_678_a.ipynb": book("a"), "anon_x_67_b.ipynb": book("b")}
    )
    rows = table(tmp_path, "submission,student\nanon_aB3x9,al\nanon_x_67_b.ipynb,ms\n")
    assert marks(take_in(path, "pruning", ROSTER[:2], mapped=rows).handed) == {"al": "a", "ms": "b"}
    first, *_ = [name.partition("/")[0] for name in BRIGHTSPACE if "Ada" in name]
    rows = table(tmp_path, f'submission,student\n"{first}",jm\n')
    path = write(tmp_path / "b", {n: d for n, d in BRIGHTSPACE.items() if "Ada" in n})
    assert marks(take_in(path, "pruning", ROSTER[2:3], mapped=rows).handed) == {"jm": "new"}


# Many students' files in one folder.

COPIES = ("pruning.ipynb", "pruning(1).ipynb", "pruning (2).ipynb", "Copy of pruning.ipynb")


def named(name, form='NAME = "{}"'):
    notebook = solved()
    notebook.cells[0].source += "\n\n" + form.format(name)
    return to_bytes(notebook)


@pytest.mark.parametrize("wrapper", ["", "class/", "a/b/"])
def test_many_notebooks_in_one_folder_are_refused(made, wrapper):
    path = made({wrapper + name: RIGHT for name in COPIES})
    with pytest.raises(InputError, match="4 notebooks lie in one folder") as told:
        take_in(path, "pruning")
    assert all(name in str(told.value) for name in COPIES) and "--map FILE" in str(told.value)


def test_names_in_the_notebooks_tell(tmp_path):
    forms = ['NAME = "{}"', "**Name:** {}", "# Name: {}", "Student: {}"]
    people = [person.name for person in ROSTER]
    files = dict(zip(COPIES, map(named, people, forms), strict=True))
    found = take_in(write(tmp_path, files), "pruning", ROSTER)
    assert [one.student for one in found.handed] == ["al", "jm", "li", "ms"]
    assert not any(one.problem for one in found.handed)
    assert "whose it is was read in the notebook" in found.handed[0].remarks
    colab = solved()
    colab.cells[1].metadata["executionInfo"] = {"user": {"displayName": "Ada Lovelace"}}
    files[COPIES[0]] = to_bytes(colab)
    assert len(take_in(write(tmp_path, files), "pruning", ROSTER).handed) == 4
    files[COPIES[1]] = named("Ada Lovelace")  # two of one name: one of them is not hers
    with pytest.raises(InputError, match="names Ada Lovelace"):
        take_in(write(tmp_path, files), "pruning", ROSTER)


def test_a_map_tells_whose_copies_are(tmp_path):
    path = write(tmp_path / "class", {name: book(name) for name in COPIES[:3]})
    rows = "submission,student\npruning.ipynb,al\npruning(1).ipynb,ms\npruning (2).ipynb,jm\n"
    found = take_in(path, "pruning", ROSTER[:3], mapped=table(tmp_path, rows))
    assert marks(found.handed) == dict(zip(("al", "ms", "jm"), COPIES, strict=False))


def test_copies_of_one_student_are_no_class(tmp_path):
    own = {f"al/{name}": RIGHT for name in COPIES}
    (one,) = take_in(write(tmp_path / "a", own), "pruning", ROSTER[:1]).handed
    assert one.data == RIGHT
    two = {**own, "ms/pruning.ipynb": RIGHT, "al/.DS_Store": b"", "__MACOSX/al/._x.ipynb": b""}
    found = take_in(write(tmp_path / "b", two), "pruning")
    assert [one.student for one in found.handed] == ["al", "ms"]
    assert found.notes[0].startswith("1 with more than one notebook, of which one was graded")


# Times.


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("Sep 24, 2024 926 PM", datetime(2024, 9, 24, 21, 26)),
        ("Sep 24, 2024 1226 AM", datetime(2024, 9, 24, 0, 26)),
        ("Sep 24, 2024 12:26 PM", datetime(2024, 9, 24, 12, 26)),
        ("13 September 2025 310 p.m.", datetime(2025, 9, 13, 15, 10)),
        ("1 août 2025 9 h 05", None),
        ("1 août 2025 9h05", datetime(2025, 8, 1, 9, 5)),
        ("3. März 2025 2126", datetime(2025, 3, 3, 21, 26)),
        ("Sep 31, 2024 926 PM", None),
        ("Sep 24, 2024 1326 PM", None),
        ("Sep 24, 2024 9265", None),
        ("Foo 24, 2024 926 PM", None),
        ("", None),
    ],
)
def test_times_in_words(text, moment):
    assert written_out(text) == moment


def test_times_in_digits_and_zones():
    assert digits("2027-03-01-10-30-00") == datetime(2027, 3, 1, 10, 30)
    assert digits("2027-13-01-10-30-00") is None
    berlin = ZoneInfo("Europe/Berlin")
    assert in_utc(datetime(2027, 7, 1, 10), berlin) == "2027-07-01T08:00:00+00:00"
    assert in_utc(None) == ""
