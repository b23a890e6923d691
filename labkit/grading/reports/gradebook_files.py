"""Files that Canvas and Moodle export from their gradebooks: whose rows, and where points go."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from labkit.errors import InputError
from labkit.grading.reports.feedback import clean
from labkit.grading.submissions.matching import spellings
from labkit.grading.submissions.outcomes import Outcome
from labkit.grading.submissions.roster import Person

IDENTIFIERS = (
    *("ID", "SIS User ID", "SIS Login ID", "Integration ID"),
    *("Identifier", "Username", "ID number", "Email address", "Full name", "Student"),
    *("Anmeldename", "ID-Nummer", "Matrikelnummer", "E-Mail-Adresse", "Vollständiger Name"),
)
NAMES = ("First name", "Last name", "Vorname", "Nachname")
# Moodle's worksheet in English and in German: who, grade, maximum, feedback (`mod_assign` and
# `assignfeedback_comments` of its language packs).
WORKSHEETS = (
    ("Identifier", "Grade", "Maximum Grade", "Feedback comments"),
    ("ID", "Bewertung", "Bestwertung", "Feedback als Kommentar"),
)
_NUMBER = re.compile(r"-(\d+)$")  # of a platform, in an id that came from no class list


def read_gradebook(path: Path | str) -> tuple[list[str], list[dict[str, str]]]:
    """Columns and rows of a CSV file, with commas, semicolons or tabs between its cells.

    Raises:
        InputError: it cannot be read, or names nobody.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            first = file.readline()
            file.seek(0)
            head, *rows = csv.reader(file, delimiter=max(",;\t", key=first.count))
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{path} cannot be read as CSV in UTF-8 ({error}).") from None
    if not set(head) & set(IDENTIFIERS):
        raise InputError(
            f"{path} has none of the columns {', '.join(IDENTIFIERS)}. Export it from Canvas in "
            "English, or from Moodle in English or German."
        )
    return head, [dict(zip(head, row, strict=False)) for row in rows]


def assignment_column(
    gradebook: Path | str, names: Sequence[str], lab: str, column: str | None
) -> str:
    """The column that the points belong into; a new one is called like the lab.

    Raises:
        InputError: more than one is called so, or there is none called `column`.
    """
    if column is not None:
        if column not in names:
            raise InputError(f"{gradebook} has no column {column!r}; it has {', '.join(names)}.")
        return column
    title = re.compile(rf"{re.escape(lab)}( \(\d+\))?", re.IGNORECASE)
    fits = [name for name in names if title.fullmatch(name.strip())]
    if len(fits) > 1:
        raise InputError(
            f"{gradebook} has {len(fits)} assignments that are called like the lab: "
            f"{', '.join(fits)}. Choose with --column {fits[-1]!r}."
        )
    return fits[0] if fits else lab


def matched(
    outcomes: Sequence[Outcome],
    known: Sequence[dict[str, str]],
    people: Sequence[Person],
    system: str,
    gradebook: Path | str | None,
) -> tuple[list[tuple[Outcome, dict[str, str]]], tuple[str, ...]]:
    """Outcomes with the row of their student, and the students whom not just one row fits.

    Raises:
        InputError: there is a file, and it has none of them.
    """
    places: dict[str, set[int]] = {}
    for place, row in enumerate(known):
        names = {row.get(column, "").strip() for column in IDENTIFIERS}
        # Moodle's worksheet says "Participant 12345", in each language with another word.
        numbers = [re.fullmatch(r"\D*[^\W\d]\s*(\d+)", row.get(who, "")) for who, *_ in WORKSHEETS]
        for name in names | {number[1] for number in numbers if number}:
            places.setdefault(name.casefold(), set()).add(place)
        full = [row.get("Full name"), row.get("Vollständiger Name"), row.get("Student")]
        full += [" ".join(row.get(name, "") for name in two) for two in (NAMES[:2], NAMES[2:])]
        for name in set().union(*(spellings(name) for name in full if name)):
            places.setdefault(f"name {name}", set()).add(place)
    persons = {person.student: person for person in people}
    rows, lacking, taken = [], [], set()
    for outcome in map(clean, outcomes):
        person = persons.get(outcome.student, Person(outcome.student))
        number = _NUMBER.search(outcome.student)
        names = [outcome.student, getattr(person, system), *person.also, person.email]
        names += [number[1]] if number else []
        names += [person.name, *(f"name {name}" for name in sorted(spellings(person.name)))]
        fits = [places.get(name.casefold(), set()) - taken for name in names if name]
        fit = next((found for found in fits if len(found) == 1), set())
        rows += [(outcome, known[place]) for place in fit]
        lacking += [] if fit else [outcome.student]
        taken |= fit
    if gradebook is not None and not rows:
        raise InputError(
            f"{gradebook} has none of the {len(outcomes)} students, among them "
            f"{outcomes[0].student!r}: a --roster with what the platform calls them joins the two."
        )
    return rows, tuple(lacking)


def same_maximum(
    gradebook: Path | str, maximum: str, total: int, lab: str, what: str, platform: str
) -> None:
    """Return where the platform gives as many points as the lab, or says nothing.

    Raises:
        InputError: it gives others, and would count the points as a share of these.
    """
    try:
        same = not maximum or float(maximum.replace(",", ".")) == total
    except ValueError:
        same = False
    if not same:
        raise InputError(
            f"{gradebook}: the assignment's {what} is {maximum}, the lab {lab} has {total} points. "
            f"Set the {what} to {total} in {platform} and download the file again."
        )
