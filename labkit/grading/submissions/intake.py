"""Find each student's notebook in what a course or a learning platform hands over.

Read are nbgrader's `submitted/STUDENT/LAB/LAB.ipynb`; folders or zip archives of
`STUDENT/LAB.ipynb` or `STUDENT.ipynb`; and what learning platforms hand out (see `platforms`).
What is wrong with one student's files stands with that student; the others go on.  Where it cannot
be told whose submissions are, nothing is taken in.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from pathlib import Path

from labkit.checks.registry import LABS
from labkit.errors import InputError
from labkit.grading.submissions.archive import File, files_in
from labkit.grading.submissions.by_sender import Parcel, parcels_in
from labkit.grading.submissions.choose_file import NOTHING, Pick, pick_notebook
from labkit.grading.submissions.map_file import LEFT_OUT, read_map, require_used
from labkit.grading.submissions.matching import require_few, student_ids
from labkit.grading.submissions.outcomes import Handed
from labkit.grading.submissions.roster import Person, key, read_roster
from labkit.grading.submissions.times_in_names import in_utc

LATE = "handed in late, as the platform says"

_TOTAL = 2 * 2**30  # bytes of all notebooks together: they are held in memory
_MOST_NAMED = 8


@dataclass(frozen=True)
class Intake:
    """The submissions, sorted by student, and what of the download a person should know of.

    `beside` are the files of each student, the notebook among them, as long as the download is
    open.
    """

    handed: list[Handed]
    notes: tuple[str, ...] = ()
    beside: dict[str, list[File]] = field(default_factory=dict)


def read_submissions(
    path: Path | str, lab: str, roster: Path | str | Sequence[Person] | None = None
) -> list[Handed]:
    """The submissions that `taking_in` finds."""
    return take_in(path, lab, roster).handed


def take_in(
    path: Path | str,
    lab: str,
    roster: Path | str | Sequence[Person] | None = None,
    *,
    mapped: Path | str | None = None,
    zone: tzinfo | None = None,
) -> Intake:
    """As `taking_in`, for its notebooks alone."""
    with taking_in(path, lab, roster, mapped=mapped, zone=zone) as taken:
        return replace(taken, beside={})


@contextmanager
def taking_in(
    path: Path | str,
    lab: str,
    roster: Path | str | Sequence[Person] | None = None,
    *,
    mapped: Path | str | None = None,
    zone: tzinfo | None = None,
) -> Iterator[Intake]:
    """Yield the submissions to `lab` below `path`, a folder or a zip archive.

    Args:
        path: of the folder or archive.
        lab: the lab that was handed in; other labs beside it are passed over.
        roster: the class list (see `read_roster`): it gives the ids, and who is in it without a
            submission is in the result with the problem `NOTHING`.
        mapped: a table that says whose submissions are (see `read_map`).
        zone: of the times that platforms write without one; default: this machine's.

    Raises:
        InputError: `path` is neither folder nor zip archive or holds no submission, the lab is
            unknown, the roster or the map cannot be read, or it cannot be told of more than a few
            submissions whose they are.
    """
    if lab not in LABS:
        raise InputError(f"there is no lab {lab!r}; the labs are {', '.join(LABS)}.")
    people = read_roster(roster) if isinstance(roster, str | Path) else list(roster or ())
    students = read_map(mapped, people) if mapped is not None else {}
    if (Path(path) / "nbgrader_config.py").is_file():
        raise InputError(f"{path} is the course itself. Name the folder submitted/ in it.")
    with files_in(path) as files:
        parcels, dropped = parcels_in(files, lab, Path(path), people, students)
        if not parcels:
            raise InputError(
                f"{path} holds no submissions. They are looked for as STUDENT/{lab}/{lab}.ipynb, "
                f"STUDENT/{lab}.ipynb, STUDENT.ipynb, or as learning platforms name them."
            )
        parcels, given, unused = _given(parcels, students, mapped, dropped)
        ids = student_ids([p.sender for p in parcels], people, given)
        here = {student for student, _ in ids}
        lacking = [person for person in people if person.student not in here]
        strangers = [p for p, (_, remark) in zip(parcels, ids, strict=True) if remark]
        require_few([(p.tops[0], p.sender) for p in strangers], lacking, len(parcels))
        picks = _picked(parcels, lab, zone)
        handed = [
            Handed(
                student=student,
                lab=lab,
                data=pick.data,
                problem=pick.problem,
                submitted=pick.submitted,
                origin=pick.origin,
                remarks=(*([remark] if remark else []), *pick.remarks),
            )
            for pick, (student, remark) in zip(picks, ids, strict=True)
        ]
        handed += [
            Handed(student=person.student, lab=lab, data=None, problem=NOTHING)
            for person in lacking
        ]
        beside = {student: p.files for p, (student, _) in zip(picks, ids, strict=True) if p.files}
        notes = _notes(parcels, picks, strangers, lacking, [*dropped, *unused], zone)
        yield Intake(sorted(handed, key=lambda one: one.student), tuple(notes), beside)


def _given(
    parcels: list[Parcel], students: dict[str, list[str]], path: object, dropped: list[str]
) -> tuple[list[Parcel], dict[int, str], list[str]]:
    """The parcels with those of the map put to their students, and what the map leaves out."""
    names = [key(parcel.sender.name) for parcel in parcels]
    kept: list[Parcel] = []
    given: dict[int, str] = {}
    places: dict[str, int] = {}
    used, left_out = set(), []
    for parcel, name in zip(parcels, names, strict=True):
        keys = {key(place) for place in parcel.places} | (
            {name} if names.count(name) == 1 else set()
        )
        fits = keys & students.keys()
        used |= fits
        whose = dict.fromkeys(student for fit in sorted(fits) for student in students[fit])
        if not whose:
            kept.append(parcel)
        if LEFT_OUT in whose:
            left_out.append(parcel.tops[0])
            continue
        for student in whose:
            if student in places:
                kept[places[student]] = kept[places[student]].joined(parcel, student)
                continue
            places[student] = len(kept)
            given[len(kept)] = student
            kept.append(parcel)
    require_used(path, used | {key(name) for name in dropped}, students.keys())
    return kept, given, left_out


def _picked(parcels: list[Parcel], lab: str, zone: tzinfo | None) -> list[Pick]:
    picks, left = [], _TOTAL
    for parcel in parcels:
        pick = _newest(parcel, lab, zone)
        if parcel.late:
            pick.remarks.insert(0, LATE)
        if parcel.told:
            pick.remarks.append(parcel.told)
        if len(pick.data or b"") > left:
            pick.data, pick.problem = None, "all notebooks together are too large"
        left -= len(pick.data or b"")
        picks.append(pick)
    return picks


def _newest(parcel: Parcel, lab: str, zone: tzinfo | None) -> Pick:
    """The notebook of the newest attempt that has one."""
    attempts = sorted(parcel.attempts, key=lambda moment: in_utc(moment, zone), reverse=True)
    picks: list[Pick] = []
    for moment in attempts:
        files = parcel.attempts[moment]
        pick = pick_notebook(files, lab, parcel.uploads, not parcel.sender.system)
        pick.submitted = in_utc(moment, zone) or pick.submitted
        picks.append(pick)
        if pick.data is not None:
            break
    chosen = picks[-1] if picks[-1].data is not None else picks[0]
    if len(attempts) > 1:
        later = len(picks) - 1
        chosen.remarks.append(
            f"the last of {len(attempts)} attempts was graded"
            if chosen is picks[0]
            else f"of {len(attempts)} attempts the last {later} held no notebook; the one before "
            "was graded"
        )
    return chosen


def _notes(
    parcels: list[Parcel],
    picks: list[Pick],
    strangers: list[Parcel],
    lacking: list[Person],
    dropped: list[str],
    zone: tzinfo | None,
) -> list[str]:
    doubled = sum(any("was graded, and not" in one for one in pick.remarks) for pick in picks)
    found = [
        (len(strangers), "not in the roster", [repr(p.sender.name) for p in strangers]),
        (len(lacking), "in the roster, of whom nothing was found", [p.student for p in lacking]),
        (len(dropped), "beside the submissions, left out", [repr(name) for name in dropped]),
    ]
    notes = [f"{count} {what}: {_some(names)}" for count, what, names in found if count]
    if strangers and lacking:
        notes.append("if some of these belong together, say so with --map FILE (see --help)")
    if doubled:
        notes.append(
            f"{doubled} with more than one notebook, of which one was graded: the report says which"
        )
    moments = [moment for parcel in parcels for moment in parcel.attempts if moment]
    if zone is None and any(moment.tzinfo is None for moment in moments):
        notes.append(
            "times in the download are taken to be in the zone of this machine "
            f"({datetime.now().astimezone().tzname()}); --timezone names another"
        )
    return notes


def _some(names: list[str]) -> str:
    shown = ", ".join(
        "".join(c if c.isprintable() else "?" for c in n) for n in names[:_MOST_NAMED]
    )
    return shown + (f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else "")
