"""A table of the instructor that says whose submissions are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path

from labkit.errors import InputError
from labkit.grading.submissions.roster import LONGEST, Person, key, normal, slug
from labkit.grading.submissions.tables import read_table

LEFT_OUT = "-"
"""In the place of a student: the submission is none of this class."""

_SUBMISSION = ("submission", "file", "folder")
_STUDENT = ("student", "id", "student_id")


def read_map(path: Path | str, people: Sequence[Person] = ()) -> dict[str, list[str]]:
    """Students by `key` of the submission in the columns submission and student of a CSV file.

    A submission may stand there more than once, for a group.  With a roster the students are those
    in it, by id or address.

    Raises:
        InputError: it cannot be read, lacks a column, or names a student who is not in the roster.
    """
    table = read_table(path)
    head = [name.lower() for name in table.columns]
    places = []
    for names in (_SUBMISSION, _STUDENT):
        place = next((head.index(name) for name in names if name in head), None)
        if place is None:
            raise InputError(
                f"{path} has no column `{names[0]}`; it has {', '.join(head)}. A map has the "
                "columns submission and student."
            )
        places.append(place)
    known = {key(p.email): p.student for p in people if p.email}
    known |= {key(p.student): p.student for p in people}
    found: dict[str, list[str]] = {}
    for line, cells in table.rows:
        submission, student = (normal(cells[place]) for place in places)
        if not submission or not student:
            raise InputError(
                f"{path}, line {line}: {cells!r} lacks the submission or the student; - stands for "
                "a submission to leave out."
            )
        if student != LEFT_OUT:
            if people and key(student) not in known:
                raise InputError(
                    f"{path}, line {line}: the student {student!r} is not in the roster."
                )
            student = known.get(key(student), student)
            if slug(student, LONGEST) != student:
                raise InputError(
                    f"{path}, line {line}: the student id {student!r} cannot be the name of a "
                    "folder everywhere. Use letters, digits and . _ - @."
                )
        found.setdefault(key(submission).rstrip("/"), []).append(student)
    return found


def require_used(path: object, used: Collection[str], found: Collection[str]) -> None:
    """Return where each submission of a map was there.

    Raises:
        InputError: some were not: a word misspelt would leave somebody without points.
    """
    if lost := sorted(set(found) - set(used)):
        raise InputError(
            f"{path}: there is no submission {lost[0]!r}"
            + (f", nor {len(lost) - 1} others in it" if len(lost) > 1 else "")
            + ". Write it as the folder or file is called in the download."
        )
