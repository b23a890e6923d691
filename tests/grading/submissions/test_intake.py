"""Submissions as a course or a learning platform hands them over: each student gets an outcome."""

import os

import pytest
from broken import encrypted, link, zipped
from hypothesis import given, settings
from hypothesis import strategies as st
from notebooks import release, solved, to_bytes
from turns import in_turn

from labkit.errors import InputError
from labkit.grading.submissions import archive, intake
from labkit.grading.submissions.archive import MOST_ENTRIES
from labkit.grading.submissions.choose_file import _COPY, NOTHING
from labkit.grading.submissions.intake import LATE, read_submissions
from labkit.grading.submissions.matching import student_ids
from labkit.grading.submissions.read_notebook import ACCEPTED, LARGEST, read_notebook
from labkit.grading.submissions.roster import Person, Sender, read_roster

ANY = b'{"cells": []}'
BLANK, RIGHT, OTHER = (to_bytes(n) for n in (release(), solved(), solved("weights")))


def folder(root, files):
    """A folder with these files; the value None stands for a folder."""
    for name, content in files.items():
        path = root / name
        if content is None:
            path.mkdir(parents=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


@pytest.fixture(params=["folder", "zip"])
def made(request, tmp_path):
    """`made(files)` → a folder, and in a second run a zip archive, with these files."""

    def make(files):
        if request.param == "folder":
            return folder(tmp_path / "class", files)
        path = tmp_path / "class.zip"
        path.write_bytes(zipped({n + "/" * (c is None): c or b"" for n, c in files.items()}))
        return path

    return make


def taken(path, lab="pruning", roster=None):
    """What was taken in, by student; what holds of every result is checked here."""
    handed = read_submissions(path, lab, roster)
    for one in handed:
        assert one.lab == lab
        assert (one.data is None) == bool(one.problem)
        # Nothing at all was handed in where there is no origin, and only there.
        assert (one.problem == NOTHING) == (not one.origin)
    found = {one.student: one for one in handed}
    assert list(found) == sorted(found)
    assert len({name.casefold() for name in found}) == len(handed)
    return found


# Layouts.


def test_the_layout_of_nbgrader(made):
    path = made(
        {
            "ada/pruning/pruning.ipynb": RIGHT,
            "ada/pruning/timestamp.txt": b"2026-03-01 14:30:00 Europe/Berlin\n",
            "ada/weights/weights.ipynb": OTHER,
            "bob/pruning/pruning.ipynb": BLANK,
            "cyd/weights/weights.ipynb": OTHER,
            "dan/pruning/.ipynb_checkpoints/pruning-checkpoint.ipynb": RIGHT,
            "dan/pruning/notes.txt": b"none",
            "eve/pruning": None,
        }
    )
    found = taken(path)
    assert list(found) == ["ada", "bob", "cyd", "dan", "eve"]
    assert (found["ada"].data, found["bob"].data) == (RIGHT, BLANK)
    assert found["ada"].submitted == "2026-03-01T13:30:00+00:00"
    assert found["ada"].origin == "ada/pruning/pruning.ipynb"
    assert found["ada"].remarks == found["bob"].remarks == ()
    assert found["bob"].submitted == ""
    assert found["cyd"].problem == NOTHING
    assert found["dan"].problem == "there is no notebook in it, only 'notes.txt'"
    assert found["eve"].problem == "there is no notebook in it"


def test_nbgraders_own_time_is_read_as_nbgrader_reads_it(tmp_path):
    from datetime import datetime

    from nbgrader.utils import parse_utc

    for text in ("2015-02-02 15:58:23.948203 America/Los_Angeles", "2015-02-02 15:58:23 UTC"):
        path = folder(
            tmp_path / text[-3:],
            {"a/pruning/pruning.ipynb": ANY, "a/pruning/timestamp.txt": text.encode()},
        )
        said = datetime.fromisoformat(taken(path)["a"].submitted)
        assert said.replace(tzinfo=None) == parse_utc(text)
        assert said.utcoffset().total_seconds() == 0


@pytest.mark.parametrize("text", [b"", b"soon", b"\xff", b"9" * 30, b"2026-13-01 00:00 UTC"])
def test_a_timestamp_that_is_none_costs_nothing(tmp_path, text):
    path = folder(tmp_path, {"a/pruning/pruning.ipynb": ANY, "a/pruning/timestamp.txt": text})
    found = taken(path)["a"]
    assert (found.data, found.submitted) == (ANY, "")
    assert found.remarks == ("its timestamp.txt holds no time",)


@pytest.mark.parametrize("wrapper", ["", "class/", "submitted/class/"])
@pytest.mark.parametrize(
    "names",
    [
        ("ada/pruning.ipynb", "bob/pruning.ipynb"),
        ("ada.ipynb", "bob.ipynb"),
        ("ada/pruning/pruning.ipynb", "bob/pruning/pruning.ipynb"),
        ("ada/pruning/pruning.ipynb",),
    ],
)
def test_plain_layouts_with_and_without_a_folder_around(made, wrapper, names):
    path = made({wrapper + name: RIGHT for name in names} | {"__MACOSX/._x": b""})
    found = taken(path)
    assert list(found) == [name.split("/")[0].removesuffix(".ipynb") for name in names]
    assert {one.data for one in found.values()} == {RIGHT}


def test_backslashes_in_a_zip_are_separators(tmp_path):
    (tmp_path / "a.zip").write_bytes(zipped({"ada\\pruning.ipynb": ANY, "bob\\x.ipynb": ANY}))
    assert list(taken(tmp_path / "a.zip")) == ["ada", "bob"]


MOODLE = {
    "Ada Lovelace_12345_assignsubmission_file_/pruning.ipynb": RIGHT,
    "Müller, Jörg_12346_assignsubmission_file_/my work.ipynb": BLANK,
    "Bob Ray_12347_assignsubmission_file/sub/pruning.ipynb": BLANK,
    "Cyd Ng_12348_assignsubmission_file_pruning.ipynb": BLANK,
    "Dan_X_12349_assignsubmission_onlinetext_/onlinetext.html": b"<p>Hello</p>",
    "Eve Oh_12350_assignsubmission_file_": None,
}


def test_the_archive_of_moodle(made):
    found = taken(made(MOODLE))
    assert list(found) == [
        "Ada-Lovelace-12345",
        "Bob-Ray-12347",
        "Cyd-Ng-12348",
        "Dan_X-12349",
        "Eve-Oh-12350",
        "Müller-Jörg-12346",
    ]
    assert found["Ada-Lovelace-12345"].data == RIGHT
    assert found["Ada-Lovelace-12345"].origin.startswith("Ada Lovelace_12345_assign")
    assert found["Müller-Jörg-12346"].remarks == ("the notebook was called 'my work.ipynb'",)
    assert found["Bob-Ray-12347"].data == found["Cyd-Ng-12348"].data == BLANK
    assert "only 'onlinetext.html'" in found["Dan_X-12349"].problem
    assert found["Eve-Oh-12350"].problem == NOTHING


CANVAS = {
    "lovelaceada_LATE_12345_678910_pruning-1.ipynb": RIGHT,
    "lovelaceada_12345_678000_pruning.ipynb": BLANK,
    "mullerjorg_12346_678911_pruning.ipynb": BLANK,
    "mullerjorg_12346_678913_pruning-2.ipynb": RIGHT,
    "mullerjorg_12346_678912_pruning-1.ipynb": BLANK,
    "raybob_12347_678914_My_final_work_2.ipynb": RIGHT,
    "ngcyd_12348_678915_photo.png": b"",
}


def test_the_archive_of_canvas(made):
    found = taken(made(CANVAS))
    assert list(found) == ["lovelaceada-12345", "mullerjorg-12346", "ngcyd-12348", "raybob-12347"]
    assert found["lovelaceada-12345"].data == RIGHT
    assert found["lovelaceada-12345"].remarks == (LATE, "the last of 2 attempts was graded")
    assert found["lovelaceada-12345"].origin == "lovelaceada_LATE_12345_678910_pruning-1.ipynb"
    assert found["mullerjorg-12346"].data == RIGHT
    assert found["mullerjorg-12346"].remarks == ("the last of 3 attempts was graded",)
    assert found["raybob-12347"].remarks == ("the notebook was called 'My_final_work_2.ipynb'",)
    assert found["ngcyd-12348"].problem == "there is no notebook in it, only 'photo.png'"
    assert not any(one.submitted for one in found.values())


# Which notebook counts.


@pytest.mark.parametrize(
    ("files", "which"),
    [
        # The one named after the lab, unless it is the untouched release or cannot be read.
        ({"pruning.ipynb": RIGHT, "a.ipynb": RIGHT}, "pruning.ipynb"),
        ({"pruning.ipynb": BLANK, "final.ipynb": RIGHT}, "final.ipynb"),
        ({"pruning.ipynb": b"{", "final.ipynb": RIGHT}, "final.ipynb"),
        ({"pruning.ipynb": BLANK, "final.ipynb": OTHER}, "pruning.ipynb"),
        # Else the one whose cells belong to the lab.
        ({"x.ipynb": RIGHT, "y.ipynb": OTHER}, "x.ipynb"),
        ({"weights.ipynb": OTHER, "y.ipynb": RIGHT}, "y.ipynb"),
        ({"old/pruning.ipynb": RIGHT, "pruning.ipynb": RIGHT}, "pruning.ipynb"),
        ({"pruning/pruning.ipynb": RIGHT, "pruning.ipynb": RIGHT}, "pruning/pruning.ipynb"),
        ({"pruning (1).ipynb": RIGHT, "z.ipynb": RIGHT}, "pruning (1).ipynb"),
        ({"a.ipynb": b"{", "b.ipynb": b"x"}, "a.ipynb"),
    ],
)
def test_of_two_notebooks(made, files, which):
    content = {f"ada/{name}": data for name, data in files.items()} | {"bob/pruning.ipynb": ANY}
    one = taken(made(content))["ada"]
    if which == "a.ipynb":  # neither can be read: one is taken, and grading will say why
        assert one.data in files.values()
        return
    assert (one.data, one.origin) == (files[which], f"ada/{which}")
    (passed,) = set(files) - {which}
    assert one.remarks == (f"ada/{which} was graded, and not ada/{passed}",)


@pytest.mark.parametrize("name", ["pruning.ipynb.txt", "pruning.ipynb.json", "a.json", "work"])
def test_a_notebook_under_another_suffix(made, name):
    path = made({f"ada/{name}": RIGHT, "bob/pruning.ipynb": ANY, "cyd/a.json": b'{"a": 1}'})
    found = taken(path)
    assert found["ada"].data == RIGHT
    assert found["ada"].remarks == (f"the notebook was called {name!r}",)
    assert found["cyd"].problem == "there is no notebook in it, only 'a.json'"


def test_upper_case_names(made):
    found = taken(made({"ada/Pruning/PRUNING.IPYNB": RIGHT, "bob/x.ipynb": ANY}))
    assert (found["ada"].data, found["ada"].remarks) == (RIGHT, ())


def test_a_zip_within_is_looked_into_once(made):
    inner = zipped({"work/pruning.ipynb": RIGHT, "work/data.csv": b"1"})
    twice = zipped({"inner.zip": inner})
    path = made(
        {
            "ada/work.zip": inner,
            "bob/work.zip": twice,
            "cyd.zip": inner,
            "dan/a.zip": b"PK no",
            "eve/a.zip": b"PK no",
            "eve/pruning.ipynb": RIGHT,
        }
    )
    found = taken(path)
    assert found["ada"].data == found["cyd"].data == found["eve"].data == RIGHT
    assert found["ada"].origin == "ada/work.zip/work/pruning.ipynb"
    assert found["ada"].remarks == ("the notebook was in ada/work.zip",)
    assert found["bob"].problem == "bob/work.zip: there is no notebook in it, only 'inner.zip'"
    assert found["dan"].problem == "dan/a.zip: it is no zip archive"
    assert found["eve"].remarks == ()


# The class list.

ROSTER = """student,name,email,moodle,canvas
ada,Ada King Lovelace,ada@example.org,Participant 12345,12345
jm,Jörg Müller,jm@example.org,,
bob,Bob Ray,,,
zoe,Zoë Ng,,,
"""


@pytest.fixture
def roster(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_text(ROSTER, encoding="utf-8-sig")
    return path


def test_a_roster_names_the_students_of_moodle(made, roster):
    found = taken(made(MOODLE), roster=roster)
    assert found["ada"].data == RIGHT
    assert found["jm"].data == found["bob"].data == BLANK
    assert (found["zoe"].data, found["zoe"].problem) == (None, NOTHING)
    assert found["Cyd-Ng-12348"].remarks == ("'Cyd Ng' is not in the roster",)


def test_a_roster_names_the_students_of_canvas(made, roster):
    found = taken(made(CANVAS), roster=roster)
    assert found["ada"].remarks[0] == LATE
    assert found["jm"].data == found["bob"].data == RIGHT
    assert found["zoe"].problem == NOTHING


@pytest.mark.parametrize("name", ["ada", "ADA", "ada@example.org", "Lovelace, Ada King"])
def test_a_roster_knows_ids_addresses_and_names(made, roster, name):
    found = taken(made({f"{name}/pruning.ipynb": RIGHT, "b/pruning.ipynb": ANY}), roster=roster)
    assert (found["ada"].data, found["ada"].remarks) == (RIGHT, ())


def test_two_submissions_for_one_name_stay_apart(made, roster):
    path = made({"ada/pruning.ipynb": RIGHT, "Ada King Lovelace/pruning.ipynb": BLANK})
    found = taken(path, roster=roster)
    assert found["ada"].data == RIGHT
    assert found["Ada-King-Lovelace"].data == BLANK
    assert "not in the roster" in found["Ada-King-Lovelace"].remarks[0]


def test_a_name_of_two_people_is_nobodys():
    people = [Person("a1", "Ada Ray"), Person("a2", "Ray, Ada"), Person("a3", "Ada Oh")]
    ids = student_ids([Sender("Ada Ray"), Sender("Oh Ada")], people)
    assert ids == [("Ada-Ray", "'Ada Ray' is not in the roster"), ("a3", "")]


def test_nbgraders_own_columns_and_semicolons(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("id;first_name;last_name\n007;Ada;Lovelace\n", encoding="utf-8")
    assert read_roster(path) == [Person("007", "Ada Lovelace")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"name\nAda\n", "has no column `student`"),
        (b"", "cannot be read"),
        (b"student\nada\nADA\n", "stand there twice: ada"),
        (b"student,name\n../x,Ada\n", "'../x' cannot be the name of a folder"),
        (b"student,name\n,Ada\n", "the student id is empty"),
        (b"student\n\xff\n", "cannot be read"),
        (b'student,name\n"ada', "cannot be read"),
    ],
)
def test_a_roster_that_is_none(tmp_path, text, words):
    path = tmp_path / "roster.csv"
    path.write_bytes(text)
    with pytest.raises(InputError) as caught:
        read_roster(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_roster(tmp_path):
    with pytest.raises(InputError, match="nowhere"):
        read_roster(tmp_path / "nowhere.csv")


NAMES = st.text(max_size=12) | st.sampled_from(
    [
        "ada",
        "Ada",
        "ADA",
        "a b",
        "a-b",
        "a/b",
        "con",
        "NUL.txt",
        "..",
        "~",
        "é",
        "e\u0301",
        "ß",
        "ss",
    ]
)


@settings(max_examples=120, deadline=None)
@given(st.lists(NAMES, unique=True, max_size=20), st.booleans())
def test_ids_are_safe_and_no_two_students_fall_together(names, listed):
    people = [Person("ada", "Ada B"), Person("bob", "é")] if listed else []
    ids = [id for id, _ in student_ids([Sender(name) for name in names], people)]
    assert len({id.casefold() for id in ids}) == len(names)
    for id in ids:
        assert 0 < len(id) < 100
        assert not set(id) & set('<>:"/\\|?* \x00\n')
        assert id[0] not in ".-"
        assert id[-1] not in ". "
        assert id.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1"}


LETTERS = st.characters(categories=["L", "M", "N", "P", "S", "Zs"], exclude_characters="/\\:")
FOLDERS = st.text(LETTERS, min_size=1, max_size=8).filter(lambda name: name[0] not in "._")


@settings(max_examples=30, deadline=None)
@given(st.lists(FOLDERS, unique=True, min_size=2, max_size=8))
def test_each_folder_is_one_student_with_its_own_notebook(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("zips") / "a.zip"
    path.write_bytes(zipped({f"{name}/pruning.ipynb": name.encode() for name in names}))
    found = taken(path)
    assert sorted(one.data.decode() for one in found.values()) == sorted(names)


# Hostile files: the student is refused with a reason, the others go on.


def damaged(data):
    """The archive with other bytes in its first entry."""
    return data[:60] + bytes(40) + data[100:]


HOSTILE = {
    "../ in a zip": ({"../../eve/pruning.ipynb": ANY}, "its name leads out of the archive"),
    "an absolute name in a zip": ({"/eve/pruning.ipynb": ANY}, "leads out of the archive"),
    "a drive in a zip": ({"C:\\eve\\pruning.ipynb": ANY}, "leads out of the archive"),
    "a symlink in a zip": ({link("eve/pruning.ipynb"): b"/etc/passwd"}, "it is a link"),
    "a zip bomb": ({"eve/pruning.ipynb": b" " * 19 * 2**20}, "more than 200 times its size"),
    "100 MB of no notebook": (
        {"eve/pruning.ipynb": bytes(100 * 2**20)},
        "larger than 20 MiB. Hand in",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_entries_are_refused(tmp_path, name):
    files, words = HOSTILE[name]
    (tmp_path / "class.zip").write_bytes(zipped({"ada/pruning.ipynb": RIGHT, **files}))
    found = taken(tmp_path / "class.zip")
    assert found.pop("ada").data == RIGHT
    ((_, one),) = found.items()
    assert words in one.problem
    assert list(tmp_path.iterdir()) == [tmp_path / "class.zip"]


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_entries_in_a_students_zip_are_refused(tmp_path, name):
    files, words = HOSTILE[name]
    found = taken(folder(tmp_path, {"ada/pruning.ipynb": RIGHT, "eve/work.zip": zipped(files)}))
    assert found["ada"].data == RIGHT
    assert words in found["eve"].problem
    assert {path.name for path in tmp_path.rglob("*.*")} == {"pruning.ipynb", "work.zip"}


@pytest.mark.parametrize(("spoil", "words"), [(encrypted, "encrypted"), (damaged, "damaged")])
def test_spoilt_archives_of_students(tmp_path, spoil, words):
    archive = spoil(zipped({"pruning.ipynb": RIGHT}))
    found = taken(folder(tmp_path, {"ada/pruning.ipynb": RIGHT, "eve/work.zip": archive}))
    assert found["ada"].data == RIGHT
    assert words in found["eve"].problem


def test_a_size_that_the_archive_lies_about(tmp_path):
    content = b"[" + b" " * 3_000_000 + b"]"
    data = bytearray(zipped({"ada/pruning.ipynb": content, "bob/pruning.ipynb": RIGHT}))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.find(mark)
        data[start + offset : start + offset + 4] = (100).to_bytes(4, "little")
    (tmp_path / "a.zip").write_bytes(data)
    found = taken(tmp_path / "a.zip")
    assert "damaged" in found["ada"].problem
    assert found["bob"].data == RIGHT


def test_an_archive_within_with_very_many_entries(tmp_path):
    many = zipped({f"{n}.txt": b"" for n in range(MOST_ENTRIES + 1)})
    found = taken(folder(tmp_path, {"ada/pruning.ipynb": RIGHT, "eve/work.zip": many}))
    assert f"{MOST_ENTRIES} are allowed" in found["eve"].problem
    (tmp_path / "many.zip").write_bytes(many)
    with pytest.raises(InputError, match=rf"many\.zip holds {MOST_ENTRIES + 1} entries"):
        read_submissions(tmp_path / "many.zip", "pruning")


def test_all_notebooks_together_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(intake, "_TOTAL", len(RIGHT) + 10)
    path = folder(tmp_path, {f"{name}/pruning.ipynb": RIGHT for name in ("ada", "bob")})
    folder(tmp_path, {"cyd/pruning.ipynb": b"{}"})
    found = taken(path)
    assert found["ada"].data == RIGHT
    assert found["bob"].problem == "all notebooks together are too large"
    assert found["cyd"].data == b"{}"


def test_a_symlink_in_a_folder_is_not_followed(tmp_path):
    secret = folder(tmp_path / "secret", {"pruning.ipynb": RIGHT})
    path = folder(tmp_path / "class", {"ada/pruning.ipynb": RIGHT, "bob/a.txt": b"", "dan": None})
    (path / "bob/pruning.ipynb").symlink_to(secret / "pruning.ipynb")
    (path / "cyd").symlink_to(secret)
    (path / "dan/pruning").symlink_to(secret)
    (path / "eve.ipynb").symlink_to("ada/pruning.ipynb")
    found = taken(path)
    assert found.pop("ada").data == RIGHT
    assert list(found) == ["bob", "cyd", "dan", "eve"]
    for one in found.values():
        assert one.problem.endswith("it is a link, and links are not followed")


def test_a_link_beside_the_notebook_does_not_cost_it(tmp_path):
    path = folder(tmp_path, {"ada/final.ipynb": RIGHT})
    (path / "ada/pruning.ipynb").symlink_to("final.ipynb")
    assert taken(path)["ada"].data == RIGHT


def test_a_pipe_in_the_place_of_a_notebook_is_not_waited_for(tmp_path):
    path = folder(tmp_path, {"ada/pruning.ipynb": RIGHT, "bob": None})
    os.mkfifo(path / "bob/pruning.ipynb")
    found = taken(path)
    assert found["bob"].problem == "bob/pruning.ipynb: it is no ordinary file"


# Each some 100 MB: text as Jupyter writes it, a picture, the data of a plot.
LARGE_OUTPUTS = {
    "lines": b",".join([rb'"step [1] \"loss\" 0.1234\n"'] * 4_000_000),
    "a picture": b'"' + b"iVBORw0KGgo" * 9_600_000 + b'"',
    "objects": b",".join([b'{"x": [%s]}' % b", ".join([b"0.123456"] * 100)] * 100_000),
}


@pytest.mark.parametrize("kind", in_turn(LARGE_OUTPUTS))
def test_a_notebook_of_100_mb_keeps_its_answers(tmp_path, kind):
    large = RIGHT.replace(b'"outputs": []', b'"outputs": [%s]' % LARGE_OUTPUTS[kind], 1)
    assert len(large) > 100 * 10**6
    one = taken(folder(tmp_path, {"ada/pruning.ipynb": large}))["ada"]
    assert len(one.data) < LARGEST
    assert read_notebook(one.data) == read_notebook(RIGHT)


def test_a_students_notebooks_are_bounded_together(tmp_path, monkeypatch):
    monkeypatch.setattr("labkit.grading.submissions.choose_file.ACCEPTED", 2 * len(RIGHT) - 1)
    files = {"ada/pruning.ipynb": RIGHT, "eve/a.ipynb": RIGHT, "eve/b.ipynb": RIGHT}
    assert taken(folder(tmp_path, files))["eve"].data == RIGHT  # the first counts


def test_a_large_notebook_in_a_folder(tmp_path):
    path = folder(tmp_path, {"ada/pruning.ipynb": RIGHT, "bob/pruning.ipynb": b""})
    with (path / "bob/pruning.ipynb").open("wb") as file:
        file.truncate(ACCEPTED + 1)
    found = taken(path)
    assert found["ada"].data == RIGHT
    assert "larger than 200 MiB; clear the outputs" in found["bob"].problem


def test_a_notebook_that_cannot_be_read(tmp_path, monkeypatch):
    path = folder(tmp_path, {"ada/pruning.ipynb": RIGHT, "bob/pruning.ipynb": RIGHT})
    whole = archive.content

    def content(path):
        if "bob" in path.parts:
            raise PermissionError(13, "Permission denied")
        return whole(path)

    monkeypatch.setattr(archive, "content", content)
    found = taken(path)
    assert found["ada"].data == RIGHT
    assert found["bob"].problem == "bob/pruning.ipynb: it cannot be read (Permission denied)"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_cannot_be_read(tmp_path):
    path = folder(tmp_path, {"ada/pruning.ipynb": RIGHT, "bob/pruning.ipynb": RIGHT})
    (path / "bob").chmod(0)
    found = taken(path)
    (path / "bob").chmod(0o700)
    assert found["bob"].problem == "bob: the folder cannot be read"


def test_names_that_no_file_can_hold_or_that_steer_a_terminal(tmp_path):
    strange = os.fsdecode(b"\xff\x1b[31m")
    path = folder(tmp_path, {f"{strange}/{strange}.ipynb": RIGHT, "bob/pruning.ipynb": RIGHT})
    ((_, one),) = [entry for entry in taken(path).items() if entry[0] != "bob"]
    assert one.data == RIGHT
    for text in (one.student, one.origin, *one.remarks):
        assert text.isprintable()
        text.encode()


# Wrong paths.


def test_paths_that_hold_no_submissions(tmp_path):
    (tmp_path / "a.txt").write_text("hello")
    folder(tmp_path / "course", {"nbgrader_config.py": b""})
    (tmp_path / "empty").mkdir()
    (tmp_path / "readme").mkdir()
    (tmp_path / "readme/README.md").write_text("hello")
    cases = {
        "nowhere": "no such file or folder",
        "a.txt": "neither a folder nor a zip archive",
        "course": "Name the folder submitted/ in it",
        "empty": "holds no submissions",
        "readme": "STUDENT/pruning/pruning.ipynb",
    }
    for name, words in cases.items():
        with pytest.raises(InputError) as caught:
            read_submissions(tmp_path / name, "pruning")
        assert words in str(caught.value)
        assert str(tmp_path / name) in str(caught.value)


def test_an_unknown_lab(tmp_path):
    with pytest.raises(InputError, match="'prunning'; the labs are weights, pruning"):
        read_submissions(tmp_path, "prunning")


@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_damaged_archive_gives_outcomes_or_a_reason(tmp_path_factory, data):
    whole = bytearray(zipped({"ada/pruning.ipynb": ANY, "bob/w.zip": zipped({"x.ipynb": ANY})}))
    for _ in range(data.draw(st.integers(1, 6))):
        start = data.draw(st.integers(0, len(whole) - 1))
        whole[start : start + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=8))
    path = tmp_path_factory.mktemp("zips") / "a.zip"
    path.write_bytes(whole)
    try:
        taken(path)
    except InputError as error:
        assert str(path) in str(error)


def test_a_name_of_spaces_is_looked_at_once():
    spaces = " " * 60_000
    assert _COPY.sub("", f"pruning{spaces}x") == f"pruning{spaces}x"
    assert _COPY.sub("", f"pruning{spaces}(1)") == "pruning"
    assert [_COPY.sub("", name) for name in ("a (2)", "a-1", "a-Copy3")] == ["a"] * 3


def test_a_students_own_timestamp_is_no_time(made):
    time = b"2026-01-01 00:00:00 UTC"
    found = taken(
        made(
            {
                "ada/pruning/pruning.ipynb": RIGHT,
                "ada/pruning/a/timestamp.txt": time,
                "ada/pruning/timestamp.txt": b"2026-03-01 13:30:00 UTC",
                "bob/pruning/pruning.ipynb": RIGHT,
                "bob/pruning/pruning/timestamp.txt": time,
            }
        )
    )
    assert found["ada"].submitted == "2026-03-01T13:30:00+00:00"
    assert found["bob"].submitted == ""


@pytest.mark.parametrize(
    "names",
    [
        (
            "Ada_1_assignsubmission_file_/pruning.ipynb",
            "Ada_1_assignsubmission_file_/timestamp.txt",
        ),
        ("ada_1_2_pruning.ipynb", "ada_1_3_timestamp.txt"),
    ],
)
def test_platforms_hand_out_no_timestamps(made, names):
    (one,) = taken(
        made(dict(zip(names, (RIGHT, b"2026-01-01 00:00:00 UTC"), strict=True)))
    ).values()
    assert one.data == RIGHT and one.submitted == ""


def test_a_name_of_a_file_makes_nobody_another_student(tmp_path):
    people = [Person("ada", "Ada", moodle="9", canvas="1"), Person("eve", "Eve", canvas="2")]
    files = {
        "ada_1_11_pruning.ipynb": RIGHT,
        "eve_2_12_Ada_9_assignsubmission_file_pruning.ipynb": BLANK,
    }
    found = taken(folder(tmp_path, files), roster=people)
    assert (found["ada"].data, found["eve"].data) == (RIGHT, BLANK)
