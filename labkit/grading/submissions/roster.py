"""Who is in the class, and which of them a submission is from."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import InputError

# Names that Windows keeps for devices, whatever their suffix.
_DEVICES = {"con", "prn", "aux", "nul"} | {f"{d}{n}" for d in ("com", "lpt") for n in range(10)}
_LONGEST = 60  # characters of a student id
_COLUMNS = {"id": "student", "student_id": "student", "moodle_id": "moodle", "canvas_id": "canvas"}


@dataclass(frozen=True)
class Person:
    """A student as the roster has them: nbgrader's id, and what learning platforms say."""

    student: str
    name: str = ""
    email: str = ""
    moodle: str = ""
    canvas: str = ""


@dataclass(frozen=True)
class Sender:
    """Whom a submission says it is from: a name, and a platform's number where there is one."""

    name: str
    system: str = ""  # moodle, canvas or nothing
    number: str = ""


def read_roster(path: Path | str) -> list[Person]:
    """The class list in a CSV file with the columns student, name, email, moodle, canvas.

    Only `student` (or `id`) is needed; first_name and last_name stand for a name, as in
    `nbgrader db student import`.

    Raises:
        InputError: the file is missing or no such table, or an id is empty, there twice, or none
            that can be the name of a folder.
    """
    import pandas as pd

    path = Path(path)
    try:
        with path.open(encoding="utf-8-sig") as file:
            head = file.readline()
        # Excel writes semicolons in half of Europe.
        table = pd.read_csv(path, dtype=str, keep_default_na=False, sep=max(",;\t", key=head.count))
    except (OSError, ValueError, pd.errors.ParserError) as error:
        raise InputError(f"{path} cannot be read as a CSV table ({error}).") from None
    table.columns = [str(name).strip().lower() for name in table.columns]
    table = table.rename(columns=_COLUMNS)
    if "student" not in table.columns:
        raise InputError(f"{path} has no column `student`; it has {', '.join(table.columns)}.")
    people = []
    for row in table.to_dict("records"):
        row = {key: str(value).strip() for key, value in row.items()}
        full = f"{row.get('first_name', '')} {row.get('last_name', '')}".strip()
        person = Person(
            row["student"],
            row.get("name", full),
            row.get("email", ""),
            _digits(row.get("moodle", "")),
            _digits(row.get("canvas", "")),
        )
        if _slug(person.student) != person.student:
            raise InputError(
                f"{path}: the student id {person.student!r} cannot be the name of a folder "
                "everywhere. Use letters, digits and . _ - @."
            )
        people.append(person)
    twice = _twice(_key(person.student) for person in people)
    if twice:
        raise InputError(f"{path}: student ids stand there twice: {', '.join(sorted(twice))}.")
    return people


def student_ids(senders: Sequence[Sender], people: Sequence[Person] = ()) -> list[tuple[str, str]]:
    """For each sender a student id that is no other's, and a remark or an empty text.

    With a roster the ids are its own where number, id, email or name of one person fit; all others
    get an id made of their name.  Two ids differ also where a disk ignores case.
    """
    claims = sorted(
        (claim, number)
        for number, sender in enumerate(senders)
        if (claim := _claim(sender, people)) is not None
    )
    found: dict[int, tuple[str, str]] = {}
    taken = {_key(person.student) for person in people}
    claimed: set[str] = set()
    for (_, student), number in claims:
        if student not in claimed:
            claimed.add(student)
            found[number] = student, ""
    rest = [number for number in range(len(senders)) if number not in found]
    # A name that is an id as it stands keeps it; the others make way.
    rest.sort(key=lambda n: (_plain(senders[n]) != senders[n].name, senders[n].name, n))
    for number in rest:
        sender = senders[number]
        id, length = _plain(sender), 8
        while _key(id) in taken:
            said = f"{sender.system}/{sender.number}/{sender.name}/{number if length > 8 else ''}"
            id = f"{_plain(sender)}-{hashlib.sha256(said.encode()).hexdigest()[:length]}"
            length += 8
        taken.add(_key(id))
        found[number] = id, f"{sender.name!r} is not in the roster" if people else ""
    return [found[number] for number in range(len(senders))]


def _claim(sender: Sender, people: Sequence[Person]) -> tuple[int, str] | None:
    """How well the best fit fits (0 is best) and whom it names; None where it is not one person."""
    name = _key(sender.name)
    rules = (
        lambda p: sender.number and sender.number == getattr(p, sender.system, ""),
        lambda p: _key(p.student) == name,
        lambda p: p.email and _key(p.email) == name,
        lambda p: not _spellings(p.name).isdisjoint(_spellings(sender.name)),
    )
    for rank, fits in enumerate(rules):
        fit = [person for person in people if fits(person)]
        if len(fit) == 1:
            return rank, fit[0].student
    return None


def _spellings(name: str) -> set[str]:
    """A name without accents, spaces and signs, begun with each of its words.

    "Ada King Lovelace", "Lovelace, Ada King" and Canvas's "lovelaceadaking" have one in common.
    """
    plain = "".join(c for c in unicodedata.normalize("NFKD", name) if not unicodedata.combining(c))
    words = re.findall(r"[^\W_]+", plain.casefold())
    return {"".join(words[n:] + words[:n]) for n in range(len(words))}


def _plain(sender: Sender) -> str:
    return _slug(f"{sender.name}-{sender.number}" if sender.number else sender.name)


def _slug(name: str) -> str:
    """The name as a folder may be called on every system."""
    id = re.sub(r"[^\w.@-]+", "-", unicodedata.normalize("NFC", name))[:_LONGEST].strip(".-")
    if id.split(".")[0].casefold() in _DEVICES:
        id = f"student-{id}"
    return id or "student"


def _key(id: str) -> str:
    """What two names have in common where a disk ignores case or composes accents."""
    return unicodedata.normalize("NFKC", id).casefold()


def _digits(text: str) -> str:
    """The number in Moodle's `Participant 12345`."""
    return text.split()[-1] if text.split() else ""


def _twice(keys: Iterable[str]) -> set[str]:
    seen: set[str] = set()
    return {key for key in keys if key in seen or seen.add(key)}
