"""Who is in the class."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import InputError
from labkit.grading.submissions.tables import Table, read_table

LONGEST = 120
"""Bytes of a student id: names of files that hold it, with what is put behind, may have 255."""

# Names that Windows keeps for devices, whatever their suffix.
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}
# Columns that may hold the id, the first that is there first: ours and nbgrader's, then those of
# the lists that GitHub Classroom, Moodle (also in German), Blackboard, Brightspace and Gradescope
# write.
_IDS = ("student", "id", "student_id", "student id", "identifier", "username", "user name", "login")
_IDS += ("id number", "orgdefinedid", "sid", "anmeldename", "id-nummer", "matrikelnummer")
_NAMES = (("name",), ("full name",), ("first_name", "last_name"), ("first name", "last name"))
_NAMES += (("vollständiger name",), ("vorname", "nachname"))
_EMAILS = ("email", "email address", "e-mail", "e-mail-adresse")
_ALSO = ("github_username", "github", "brightspace", "blackboard", "gradescope")
_CANVAS = {"student", "id", "section"}
_POINTS = "points possible"


@dataclass(frozen=True)
class Person:
    """A student as the roster has them: nbgrader's id, and what learning platforms say.

    `also` are further identifiers: a login, a register number, a name on GitHub.
    """

    student: str
    name: str = ""
    email: str = ""
    moodle: str = ""
    canvas: str = ""
    also: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sender:
    """Whom a submission says it is from: a name, and a platform's number where there is one.

    `also` are other words that may be an id, a login, an address or the name.
    """

    name: str
    system: str = ""  # the platform, or nothing
    number: str = ""
    also: tuple[str, ...] = ()


def read_roster(path: Path | str) -> list[Person]:
    """The class list in a CSV file with the columns student, name, email, moodle, canvas.

    Only `student` (or `id`) is needed; first_name and last_name stand for a name, as in
    `nbgrader db student import`, and login, github, brightspace, blackboard and gradescope for
    what these platforms call a student.  Canvas's export of grades is read too, and lists of
    participants with a login, a number or an address.

    Raises:
        InputError: the file is missing or no such table or names nobody, a row has more cells than
            the head, or an id is empty, there twice, or none that can be the name of a folder.
    """
    table = read_table(path)
    columns = [normal(name).lower() for name in table.columns]
    if twice := _twice(name for name in columns if name in (*_IDS, "name", *_EMAILS)):
        raise InputError(f"{path} has the column {', '.join(sorted(twice))} twice.")
    points = any(_POINTS in cell.lower() for _, row in table.rows[:3] for cell in row)
    if set(columns) >= _CANVAS and (points or any(name.startswith("sis ") for name in columns)):
        people = _of_canvas(path, table, columns)
    else:
        people = [_person(path, columns, row) for _, row in table.rows]
    for (line, _), person in zip(table.rows, people, strict=True):
        if person is not None:
            _check(path, line, person.student)
    found = [person for person in people if person is not None]
    if not found:
        raise InputError(f"{path} names no student: there is only the head of a table.")
    if twice := _twice(key(person.student) for person in found):
        raise InputError(f"{path}: student ids stand there twice: {', '.join(sorted(twice))}.")
    return found


def _person(path: Path | str, columns: list[str], cells: list[str]) -> Person:
    row = dict(zip(columns, cells, strict=True))
    ids = [row[name].lstrip("#") for name in _IDS if name in row]
    email = next((row[name] for name in _EMAILS if row.get(name)), "")
    if not ids:
        if not any(name in row for name in _EMAILS) or "name" in columns:
            raise InputError(
                f"{path} has no column `student`; it has {', '.join(columns)}. Call the one that "
                "holds the ids so."
            )
        ids = [email]
    if columns[0] not in _IDS[:3] and not ids[0]:  # a platform's list, where some have no number
        ids = [next((id for id in [*ids, email] if id), "")]
    names = (" ".join(row.get(part, "") for part in parts).strip() for parts in _NAMES)
    also = [*ids[1:], *(row.get(name, "") for name in _ALSO)]
    return Person(
        normal(ids[0]),
        next(filter(None, names), ""),
        email,
        _digits(row.get("moodle", row.get("moodle_id", ""))),
        _digits(row.get("canvas", row.get("canvas_id", ""))),
        tuple(dict.fromkeys(text for text in also if text)),
    )


def _of_canvas(path: Path | str, table: Table, columns: list[str]) -> list[Person | None]:
    """Students of Canvas's export; None for its rows of points and the "Test" student."""
    people: list[Person | None] = []
    for _, cells in table.rows:
        row = dict(zip(columns, cells, strict=True))
        if not row["id"] or _POINTS in row["student"].lower():
            people.append(None)
            continue
        if row["student"] == "Student, Test":
            people.append(None)
            continue
        ids = [row.get(name, "") for name in ("sis login id", "sis user id", "integration id")]
        ids = [id for id in [*ids, row["id"]] if id]
        email = next((id for id in ids if "@" in id), "")
        people.append(Person(normal(ids[0]), row["student"], email, "", row["id"], tuple(ids[1:])))
    return people


def _check(path: Path | str, line: int, id: str) -> None:
    where = f"{path}, line {line}"
    if not id:
        raise InputError(f"{where}: the student id is empty. Fill it in, or take out the row.")
    if re.fullmatch(r"\d+\.0", id):
        raise InputError(
            f"{where}: the student id {id!r} is a number as a spreadsheet or pandas wrote it, not "
            "as the student has it. Export the list again with this column as text."
        )
    if len(id.encode(errors="replace")) > LONGEST:
        raise InputError(
            f"{where}: the student id {id!r} has {len(id)} characters; {LONGEST} bytes are the "
            "most, as folders are named after it."
        )
    if slug(id, LONGEST) != id:
        raise InputError(
            f"{where}: the student id {id!r} cannot be the name of a folder everywhere. Use "
            "letters, digits and . _ - @."
        )


def slug(name: str, longest: int = 60) -> str:
    """The name as a folder may be called on every system, at most so many characters of it."""
    id = re.sub(r"[^\w.@-]+", "-", normal(name))[:longest].strip(".-")
    if id.split(".")[0].casefold() in _DEVICES:
        id = f"student-{id}"
    return id or "student"


def normal(text: str) -> str:
    """The text with letters and their accents in one, which look the same in two."""
    return unicodedata.normalize("NFC", text)


def key(id: str) -> str:
    """What two names have in common where a disk ignores case or composes accents."""
    return unicodedata.normalize("NFKC", id).casefold()


def _digits(text: str) -> str:
    """The number in Moodle's `Participant 12345`."""
    return text.split()[-1] if text.split() else ""


def _twice(keys: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {one for one in keys if one in seen or seen.add(one)}
