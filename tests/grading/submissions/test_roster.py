"""Lists of a class, as people and learning platforms write them."""

import warnings

import pytest

from labkit.errors import InputError
from labkit.grading.submissions.roster import LONGEST, Person, read_roster


def read(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "roster.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return read_roster(path)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("sep=;\nstudent;name\nada;Lovelace, Ada\n", "utf-8"),
        ('"sep=;"\r\nstudent;name\r\nada;Lovelace, Ada\r\n', "utf-8-sig"),
        ("student\tname\r\nada\tLovelace, Ada\r\n", "utf-16"),
        ('student,name\n\nada,"Lovelace, Ada"\n,\n', "utf-8-sig"),
        (
            'student,name\nada,"Lovelace, Ada",,\n',
            "utf-8",
        ),  # as Excel leaves columns that were used
        (' Student , NAME \n ada ," Lovelace, Ada "\n', "utf-8"),
    ],
)
def test_forms_of_one_list(tmp_path, text, encoding):
    assert read(tmp_path, text, encoding) == [Person("ada", "Lovelace, Ada")]


def test_a_name_with_a_comma_that_is_not_quoted_is_refused_with_its_line(tmp_path):
    with pytest.raises(InputError, match=r"line 3: 'ben,Oh, Ben,b@x' has 4 cells.*has 3"):
        read(tmp_path, "student,name,email\nada,Ada,a@x\nben,Oh, Ben,b@x\n")
    with pytest.raises(InputError, match=r"line 2: .*has 2 cells"):
        read(tmp_path, "student\nada,Ada\n")
    assert read(tmp_path, "student,name,email\nada\n") == [Person("ada")]


def test_a_letter_and_its_accent_apart_are_one(tmp_path):
    (one,) = read(tmp_path, "student,name\njo\u0308rg,J\n")
    assert one.student == "j\u00f6rg"
    with pytest.raises(InputError, match="stand there twice: j"):
        read(tmp_path, "student\njo\u0308rg\nj\u00f6rg\n")


def test_long_ids(tmp_path):
    assert read(tmp_path, f"student\n{'a' * 70}\n") == [Person("a" * 70)]
    assert read(tmp_path, f"student\n{'a' * LONGEST}\n") == [Person("a" * LONGEST)]
    with pytest.raises(InputError, match=r"line 2: the student id 'a+' has 121 characters"):
        read(tmp_path, f"student\n{'a' * 121}\n")


def test_canvas(tmp_path):
    text = (
        "Student,ID,SIS User ID,SIS Login ID,Section,pruning (4711),Final Score\n"
        ",,,,,Manual Posting,\n"
        "    Points Possible,,,,,38.00,(read only)\n"
        '"Lovelace, Ada",101,s1,ada@example.org,"A, B",7.00,70\n'
        '"Oh, Ben",102,s2,,A,,\n'
        '"Student, Test",999,,f00ba4,A,,\n'
    )
    assert read(tmp_path, text) == [
        Person("ada@example.org", "Lovelace, Ada", "ada@example.org", "", "101", ("s1", "101")),
        Person("s2", "Oh, Ben", "", "", "102", ("102",)),
    ]


@pytest.mark.parametrize(
    ("text", "person"),
    [
        (  # GitHub Classroom
            "identifier,github_username,github_id,name\nada,AdaL,77,Ada L\n",
            Person("ada", "Ada L", also=("AdaL",)),
        ),
        (  # Moodle's participants
            "First name,Last name,ID number,Email address\nAda,L,,a@x.org\n",
            Person("a@x.org", "Ada L", "a@x.org"),
        ),
        (  # Moodle's in German
            "Vorname,Nachname,ID-Nummer,E-Mail-Adresse\nAda,L,0012,a@x.org\n",
            Person("0012", "Ada L", "a@x.org"),
        ),
        (  # Canvas's for who may not see logins
            'Student,ID,Section,pruning (7)\n Points Possible,,,38\n"L, Ada",101,A,\n',
            Person("101", "L, Ada", canvas="101"),
        ),
        (  # Brightspace
            "OrgDefinedId,Username,Last Name,First Name,Email,End-of-Line Indicator\n"
            "#900,#ada,L,Ada,a@x.org,#\n",
            Person("ada", "Ada L", "a@x.org", also=("900",)),
        ),
        (  # Gradescope
            "Name,SID,Email,Role\nAda L,900,a@x.org,Student\n",
            Person("900", "Ada L", "a@x.org"),
        ),
        (
            "student,name,moodle,canvas,github,login\nada,A,Participant 7,8,gh,al\n",
            Person("ada", "A", "", "7", "8", ("al", "gh")),
        ),
    ],
)
def test_lists_of_platforms(tmp_path, text, person):
    assert read(tmp_path, text) == [person]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("student,student\na,b\n", "has the column student twice"),
        ("student,name\na b,x\n", "line 2: the student id 'a b' cannot be the name of a folder"),
        ("student;name\ncon;x\n", "cannot be the name of a folder"),
        ('student,name\nada,"x\n', "cannot be read"),
        ("\n\n", "it is empty"),
        ("student,name\n,\n", "names no student"),
        ("student,name\n,Ada\n", "line 2: the student id is empty"),
        ("student,name\n12.0,Ada\n", "line 2: .* is a number as a spreadsheet or pandas wrote it"),
        ("student,name\nada,J\u00f6rg\n".encode("cp1252"), "is not in UTF-8"),
    ],
)
def test_lists_that_are_wrong(tmp_path, text, said):
    with pytest.raises(InputError, match=said):
        read(tmp_path, text)
