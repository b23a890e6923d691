"""Find each student's notebook in what a course or a learning platform hands over.

Read are nbgrader's `submitted/STUDENT/LAB/LAB.ipynb`; folders or zip archives of
`STUDENT/LAB.ipynb` or `STUDENT.ipynb`; and the archives of Moodle and Canvas as they are
downloaded.  What is wrong with one student's files stands with that student; the others go on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from labkit.checks.registry import LABS
from labkit.errors import InputError
from labkit.grading.submissions.archive import File, files_in
from labkit.grading.submissions.choose_file import NOTHING, is_notebook, is_zip, pick_notebook
from labkit.grading.submissions.outcomes import Handed
from labkit.grading.submissions.roster import Person, Sender, read_roster, student_ids

LATE = "handed in late, as the platform says"

_TOTAL = 2 * 2**30  # bytes of all notebooks together: they are held in memory
_MOODLE = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_[a-z]+_?(?P<rest>.*)")
_CANVAS = re.compile(
    r"(?P<name>[^_]+)_(?P<late>LATE_)?(?P<number>\d+)_(?P<upload>\d{1,20})_(?P<rest>.+)"
)


@dataclass
class _Parcel:
    """What one sender handed in; `late` is what a platform says of the time."""

    sender: Sender
    files: list[File] = field(default_factory=list)
    late: bool = False
    uploads: dict[File, int] = field(default_factory=dict)  # Canvas's numbers of the files


def read_submissions(
    path: Path | str, lab: str, roster: Path | str | Sequence[Person] | None = None
) -> list[Handed]:
    """The submissions to `lab` below `path`, a folder or a zip archive, sorted by student.

    `roster` is the class list (see `read_roster`): it gives the ids, and who is in it without a
    submission is in the result with the problem `NOTHING`.

    Raises:
        InputError: `path` is neither folder nor zip archive or holds no submission, the lab is
            unknown, or the roster cannot be read.
    """
    if lab not in LABS:
        raise InputError(f"there is no lab {lab!r}; the labs are {', '.join(LABS)}.")
    people = read_roster(roster) if isinstance(roster, str | Path) else list(roster or ())
    if (Path(path) / "nbgrader_config.py").is_file():
        raise InputError(f"{path} is the course itself. Name the folder submitted/ in it.")
    with files_in(path) as files:
        parcels = _parcels(_unwrapped(files, lab))
        if not parcels:
            raise InputError(
                f"{path} holds no submissions. They are looked for as STUDENT/{lab}/{lab}.ipynb, "
                f"STUDENT/{lab}.ipynb, STUDENT.ipynb, or as Moodle and Canvas name them."
            )
        picks, left = [], _TOTAL
        for parcel in parcels:
            pick = pick_notebook(parcel.files, lab, parcel.uploads, not parcel.sender.system)
            if parcel.late:
                pick.remarks.insert(0, LATE)
            if len(pick.data or b"") > left:
                pick.data, pick.problem = None, "all notebooks together are too large"
            left -= len(pick.data or b"")
            picks.append(pick)
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
        for pick, (student, remark) in zip(
            picks, student_ids([p.sender for p in parcels], people), strict=True
        )
    ]
    present = {one.student for one in handed}
    handed += [
        Handed(student=person.student, lab=lab, data=None, problem=NOTHING)
        for person in people
        if person.student not in present
    ]
    return sorted(handed, key=lambda one: one.student)


def _unwrapped(files: list[File], lab: str) -> list[File]:
    """The files without a folder that holds the whole class, as an archive often has one."""
    while True:
        tops = {file.parts[0] for file in files}
        inner = [file for file in files if len(file.parts) > 1]
        if len(tops) != 1 or _MOODLE.fullmatch(*tops) or not inner:
            return files
        second = {file.parts[1].lower() for file in inner}
        if lab in second or f"{lab}.ipynb" in second:
            return files
        flat = [file for file in inner if len(file.parts) == 2 and not file.folder]
        named = [f for f in flat if _CANVAS.fullmatch(f.name) or _MOODLE.fullmatch(f.name)]
        folders = any(len(file.parts) > 2 or file.folder for file in inner)
        if not folders and not named and sum(is_notebook(f) or is_zip(f) for f in flat) < 2:
            return files
        files = [file.below(file.parts[1:]) for file in inner]


def _parcels(files: list[File]) -> list[_Parcel]:
    """The files by sender, each named from the sender's own folder on."""
    parcels: dict[Sender, _Parcel] = {}
    for file in files:
        top, rest = file.parts[0], file.parts[1:]
        late, upload = False, 0
        # Canvas comes first: behind its numbers stands a name that the student gave, which may be
        # in the form of Moodle's with the number of somebody else.
        if not rest and not file.folder and (canvas := _CANVAS.fullmatch(top)):
            sender = Sender(canvas["name"], "canvas", canvas["number"])
            rest, late, upload = (canvas["rest"],), bool(canvas["late"]), int(canvas["upload"])
        elif moodle := _MOODLE.fullmatch(top):
            sender = Sender(moodle["name"], "moodle", moodle["number"])
            rest = (moodle["rest"], *rest) if moodle["rest"] else rest
        elif rest or file.folder:
            sender = Sender(top)
        elif is_notebook(file) or is_zip(file):
            sender, rest = Sender(Path(top).stem), (top,)
        elif file.refused and "." not in top:
            sender, rest = Sender(top), (top,)  # the folder of a student, as a link
        else:
            continue  # a list of grades or a readme beside the submissions
        parcel = parcels.setdefault(sender, _Parcel(sender))
        parcel.late |= late
        if rest:
            placed = file.below(rest)
            parcel.files.append(placed)
            if upload:
                parcel.uploads[placed] = upload
    return list(parcels.values())
