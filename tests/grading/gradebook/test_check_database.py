"""A gradebook is looked at before a run, and made whole or not at all."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest
from notebooks import ROOT

from labkit.errors import SourceError
from labkit.grading.gradebook.check_database import require_sound
from labkit.grading.gradebook.course import Course
from labkit.grading.gradebook.database import create, keep_copy


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "gradebook.db"
    Course.open(ROOT)  # its settings say where nbgrader finds a program that it starts
    with ThreadPoolExecutor() as pool:  # two at once: the one finds what the other has made
        list(pool.map(lambda _: create(path, "course"), range(2)))
    return path.read_bytes()


@pytest.fixture
def book(tmp_path, whole):
    path = tmp_path / "a b?%.db"
    path.write_bytes(whole)
    return path


def altered(path, *statements):
    with sqlite3.connect(path) as connection:
        for statement in statements:
            connection.execute(statement)
    connection.close()


def test_a_sound_gradebook_and_none_are_left_alone(book, tmp_path, whole):
    require_sound(book)
    require_sound(tmp_path / "nowhere.db")
    assert book.read_bytes() == whole and len(list(tmp_path.iterdir())) == 1


def test_what_is_no_gradebook_is_refused(book, tmp_path, whole):
    (tmp_path / "backups").mkdir()
    copy = tmp_path / "backups" / f"{book.stem}-20270301-100000.db"
    copy.write_bytes(whole)
    middle = len(whole) // 2
    for content, said in [
        (b"", "it is empty"),
        (b"garbage, but long enough to look at" * 1000, "not a database"),
        (whole[:middle], "cannot be read"),
        (whole[:100], "cannot be read"),
        (whole[: middle - 3000] + bytes(6000) + whole[middle + 3000 :], "cannot be read"),
    ]:
        book.write_bytes(content)
        with pytest.raises(SourceError, match=said) as told:
            require_sound(book)
        assert str(book) in str(told.value) and "Put a copy from backups/ in" in str(told.value)
        assert str(copy) in str(told.value)
    book.unlink()
    altered(book, "CREATE TABLE other (x)")
    with pytest.raises(SourceError, match="holds none of nbgrader's tables"):
        require_sound(book)


@pytest.mark.parametrize(
    ("statement", "lacks"),
    [
        ("ALTER TABLE grade DROP COLUMN extra_credit", r"grade\.extra_credit"),
        ("DROP TABLE task_cells", "task_cells"),
    ],
)
def test_a_gradebook_of_an_older_nbgrader_is_told_how_to_upgrade(book, statement, lacks):
    altered(book, statement)
    with pytest.raises(SourceError, match=rf"lacks {lacks}.*nbgrader db upgrade"):
        require_sound(book)


def test_a_gradebook_in_use_is_told(book, monkeypatch):
    monkeypatch.setattr("labkit.grading.gradebook.check_database._PATIENCE", 0)
    other = sqlite3.connect(book, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(SourceError, match="in use by another program"):
        require_sound(book)
    other.close()


def test_a_full_disk_leaves_no_gradebook_and_is_told_in_words(tmp_path, full_disk):
    path = tmp_path / "gradebook.db"
    with full_disk(), pytest.raises(SourceError, match=r"gradebook\.db: .*Free space.*is kept"):
        create(path, "course")
    assert not path.exists() and not list(tmp_path.glob("*.partial*"))


def test_a_full_disk_leaves_no_half_copy_and_is_told_in_words(book, full_disk, whole):
    with full_disk(), pytest.raises(SourceError, match=r"%\.db: .*Free space on its disk"):
        keep_copy(book)
    assert book.read_bytes() == whole and not list((book.parent / "backups").iterdir())
