"""Sort the files of a download by who sent them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from pathlib import Path

from labkit.errors import InputError
from labkit.grading.submissions.archive import File, unpacked
from labkit.grading.submissions.choose_file import is_notebook, is_zip
from labkit.grading.submissions.gradescope_export import METADATA, submitters
from labkit.grading.submissions.matching import student_ids
from labkit.grading.submissions.platforms import QUESTION, Label, Top, labels
from labkit.grading.submissions.roster import Person, Sender, key
from labkit.grading.submissions.shared_folder import by_name_inside, copies

_NOTE = 2**16  # bytes of a text of Blackboard that are looked at
_OWN_COPIES = 5  # of one notebook: a folder with more of them has more than one student


@dataclass
class Parcel:
    """What one sender handed in, by attempt; `late` is what a platform says of the time.

    `places` are the names that a map may give it, `tops` those of its files or folders, the first
    to be shown; `told` says how it was found whose it is, where that is no name of a file.
    """

    sender: Sender
    tops: list[str]
    places: set[str]
    attempts: dict[datetime | None, list[File]] = field(default_factory=dict)
    late: bool = False
    uploads: dict[File, int] = field(default_factory=dict)  # Canvas's numbers of the files
    told: str = ""

    def joined(self, other: Parcel, student: str) -> Parcel:
        """Both as attempts of one student.

        Raises:
            InputError: it is not known which is the later one.
        """
        both = {**other.attempts, **self.attempts}
        if None in both or len(both) < len(self.attempts) + len(other.attempts):
            raise InputError(
                f"the map gives {student} both {self.tops[0]!r} and {other.tops[0]!r}, whose times "
                "are not known or the same: leave one out with - in the place of the student."
            )
        return replace(
            self,
            tops=[*self.tops, *other.tops],
            places=self.places | other.places,
            attempts=both,
            late=self.late or other.late,
            uploads=self.uploads | other.uploads,
        )


def parcels_in(
    files: list[File],
    lab: str,
    path: Path,
    people: Sequence[Person] = (),
    mapped: Mapping[str, object] | None = None,
) -> tuple[list[Parcel], list[str]]:
    """The files of a download by sender, and the names of those that belong to nobody.

    Raises:
        InputError: many students' files lie in one folder and do not tell whose they are, or
            Gradescope's names are missing.
    """
    mapped = mapped or {}
    files, wrappers = _unwrapped(files, lab)
    files = _by_student(files)
    if not mapped or any(file.parts == (METADATA,) for file in files):
        groups = submitters(files)
    else:
        groups = {}
    if groups:
        return _of_groups(files, groups)
    found = labels(_tops(files), lab, [path.name.removesuffix(".zip"), *wrappers])
    shared, files = _shared(files, lab, found, people, mapped)
    parcels: dict[Sender, Parcel] = {parcel.sender: parcel for parcel in shared}
    dropped: dict[str, None] = {}
    for file in files:
        top, rest = file.parts[0], file.parts[1:]
        label = found.get(top)
        if label is None:
            label = _plain(file, lab)
        elif label.rest:
            rest = (label.rest, *rest)
        if label is None or label.dropped:
            dropped[top] = None
            continue
        rest = rest or ((label.rest,) if label.rest else ())
        parcel = parcels.setdefault(label.sender, Parcel(label.sender, [], set()))
        _put(parcel, file, rest, label)
    return list(parcels.values()), list(dropped)


def _plain(file: File, lab: str) -> Label | None:
    """Whose a file is where no platform named it; None for a list of grades or a readme."""
    top = file.parts[0]
    if len(file.parts) > 1 or file.folder:
        return Label(Sender(top))
    if is_notebook(file) or is_zip(file):
        stem = Path(top).stem
        bare = re.sub(rf"^{lab}[\W_]+|[\W_]+{lab}$", "", stem, flags=re.IGNORECASE)
        return Label(Sender(stem, also=(bare,) if bare not in ("", stem) else ()), top)
    if file.refused and "." not in top:
        return Label(Sender(top), top)  # the folder of a student, as a link
    return None


def _put(parcel: Parcel, file: File, rest: tuple[str, ...], label: Label) -> None:
    top = file.parts[0]
    if top not in parcel.tops:
        parcel.tops.append(top)
        parcel.places |= {top, Path(top).stem if not file.folder else top}
    parcel.late |= label.late
    files = parcel.attempts.setdefault(label.moment, [])
    if rest:
        placed = file.below(rest)
        files.append(placed)
        if label.upload:
            parcel.uploads[placed] = label.upload


def _of_groups(
    files: list[File], groups: Mapping[str, list[Label]]
) -> tuple[list[Parcel], list[str]]:
    """Gradescope's folders; all of a group get what it handed in."""
    parcels: dict[tuple[str, Sender], Parcel] = {}
    dropped: dict[str, None] = {}
    for file in files:
        top = file.parts[0]
        for label in groups.get(top, ()):
            parcel = parcels.setdefault((top, label.sender), Parcel(label.sender, [], set()))
            _put(parcel, file, file.parts[1:] or (() if file.folder else (top,)), label)
        if not groups.get(top) and file.parts != (METADATA,):
            dropped[top] = None
    merged: dict[Sender, Parcel] = {}
    for parcel in parcels.values():
        before = merged.get(parcel.sender)
        merged[parcel.sender] = parcel if before is None else before.joined(parcel, before.tops[0])
    return list(merged.values()), list(dropped)


def _unwrapped(files: list[File], lab: str) -> tuple[list[File], list[str]]:
    """The files without a folder or archive that holds the whole class, and the names of such."""
    wrappers: list[str] = []
    while True:
        if len(files) == 1 and is_zip(files[0]):
            try:
                inner = unpacked(files[0])
            except InputError:
                return files, wrappers
            below, more = _unwrapped(inner, lab)
            return (below, [*wrappers, *more]) if _is_class(below, lab, more) else (files, wrappers)
        tops = {file.parts[0] for file in files}
        inner = [file for file in files if len(file.parts) > 1]
        if len(tops) != 1 or not inner or labels(_tops(files), lab, wrappers):
            return files, wrappers
        second = {file.parts[1].lower() for file in inner}
        if lab in second or f"{lab}.ipynb" in second:
            return files, wrappers
        flat = [file for file in inner if len(file.parts) == 2 and not file.folder]
        below = [file.below(file.parts[1:]) for file in inner]
        folders = any(len(file.parts) > 2 or file.folder for file in inner)
        named = labels(_tops(below), lab, [*tops])
        if not folders and not named and sum(is_notebook(f) or is_zip(f) for f in flat) < 2:
            return files, wrappers
        wrappers += tops
        files = below


def _is_class(files: list[File], lab: str, wrappers: list[str]) -> bool:
    """Whether an archive holds a download, and not the files of one student."""
    told = {file.parts[0] for file in files if file.name.lower() == f"{lab}.ipynb"}
    gradescope = any(file.parts[0].startswith("submission_") for file in files)
    many = len(told) > 1 or len(copies(files, lab)) > 1
    return gradescope or many or bool(labels(_tops(files), lab, wrappers))


def _by_student(files: list[File]) -> list[File]:
    """Questions of a quiz below the students, where the students are below the questions."""
    folders = {file.parts[0] for file in files if len(file.parts) > 1 or file.folder}
    if not folders or not all(map(QUESTION.fullmatch, folders)):
        return files
    return [
        file.below((file.parts[1], file.parts[0], *file.parts[2:])) if len(file.parts) > 1 else file
        for file in files
        if not (file.folder and len(file.parts) == 1)
    ]


def _tops(files: Sequence[File]) -> list[Top]:
    found: dict[str, Top] = {}
    for file in files:
        top = file.parts[0]
        if top not in found:
            folder = file.folder or len(file.parts) > 1
            found[top] = Top(top, folder, partial(_text, file) if not folder else str)
    return list(found.values())


def _text(file: File) -> str:
    try:
        return file.read()[:_NOTE].decode("utf-8", errors="replace")
    except InputError:
        return ""


def _shared(
    files: list[File],
    lab: str,
    found: Mapping[str, Label],
    people: Sequence[Person],
    mapped: Mapping[str, object],
) -> tuple[list[Parcel], list[File]]:
    """Parcels of students whose notebooks lie in one folder, and the other files."""
    parcels: list[Parcel] = []
    for folder in _crowded(files, lab, found, people):
        names: dict[str, File] = {}
        for file in folder:
            names |= dict.fromkeys(
                (key(file.name), key(file.origin), key("/".join(file.parts))), file
            )
        known = {file for name, file in names.items() if name in mapped}
        told = by_name_inside(folder, known)
        for file in folder:
            places = {name for name, one in names.items() if one is file}
            sender = Sender(told.get(file) or Path(file.name).stem)
            parcel = Parcel(sender, [file.origin], places, {None: [file.below((file.name,))]})
            parcel.told = "whose it is was read in the notebook" if file in told else ""
            parcels.append(parcel)
    taken = {id(file) for folder in _crowded(files, lab, found, people) for file in folder}
    return parcels, [file for file in files if id(file) not in taken]


def _crowded(
    files: list[File], lab: str, found: Mapping[str, Label], people: Sequence[Person]
) -> list[list[File]]:
    """For each folder that more than one student put the same notebook into, these notebooks."""
    places: dict[tuple[str, ...], list[File]] = {}
    for file in copies(files, lab):
        if file.parts[0] not in found:
            places.setdefault(file.parts[:-1], []).append(file)
    tops = {file.parts[0] for file in files}
    crowded = []
    for folder, some in places.items():
        most = 1 if not folder or (len(folder) == len(tops) == 1) else _OWN_COPIES
        if len(some) > most and not _is_somebody(folder, people):
            crowded.append(some)
    return crowded


def _is_somebody(folder: tuple[str, ...], people: Sequence[Person]) -> bool:
    return bool(folder) and not student_ids([Sender(folder[0])], people)[0][1] and bool(people)
