"""Choose among the files of one student the notebook that counts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from functools import partial
from pathlib import Path

from labkit.checks.engine.exercise import Exercise
from labkit.checks.registry import LABS, TASKS
from labkit.errors import InputError
from labkit.grading.submissions.archive import File, unpacked
from labkit.grading.submissions.match_cells import defines, tasks_found
from labkit.grading.submissions.read_notebook import (
    ACCEPTED,
    as_notebook,
    read_notebook,
    slimmed,
)

NOTHING = "nothing was handed in"
"""The `problem` of a student of whom there is no file for this lab."""

_MOST_LOOKED_AT = 20  # notebooks of one student, where the name does not say which counts
# Names that browsers and editors give to a second copy: (1), -1, -Copy1.  A name in an archive may
# have 65,535 spaces: they are looked at once, not from each of them.
_COPY = re.compile(r"(?:(?<![ _-])[ _-]*\(\d+\)|-\d+|-Copy\d+)$")
_DOUBLED = re.compile(r"\.(?:ipynb\.(?:txt|json)|json|txt)$", re.IGNORECASE)


@dataclass
class Pick:
    """The notebook that counts, or why there is none; see `outcomes.Handed`.

    `files` are all of the lab's that it was chosen among.
    """

    data: bytes | None = None
    problem: str = ""
    origin: str = ""
    submitted: str = ""
    remarks: list[str] = field(default_factory=list)
    files: list[File] = field(default_factory=list)


def is_notebook(file: File) -> bool:
    """Whether the name is that of a notebook."""
    return not file.folder and file.name.lower().endswith(".ipynb")


def without_copy_mark(stem: str) -> str:
    """A name without what browsers and editors put behind that of a second copy."""
    return _COPY.sub("", stem)


def is_zip(file: File) -> bool:
    """Whether the name is that of a zip archive."""
    return not file.folder and file.name.lower().endswith(".zip")


def pick_notebook(
    files: Sequence[File],
    lab: str,
    uploads: Mapping[File, int] | None = None,
    timed: bool = True,
) -> Pick:
    """The one notebook among a student's files that counts for `lab`.

    `uploads` holds the numbers that Canvas gave its files, of which the newer is the larger.
    `timed` says that a timestamp.txt beside the notebook is nbgrader's, and not the student's.
    """
    pick = Pick()
    others = {name for name in LABS if name != lab}
    files = [file for file in files if file.parts[0].lower() not in others]
    if not files:
        pick.problem = NOTHING
        return pick
    pick.files = list(files)
    pick.origin = min(file.origin for file in files)
    if timed:
        pick.submitted = _time(files, lab, pick.remarks)
    notebooks = [file for file in files if is_notebook(file)]
    if uploads:
        notebooks = _newest(notebooks, uploads, pick.remarks)
    if not notebooks:
        notebooks = _from_zip([file for file in files if is_zip(file)], pick)
    if not notebooks:
        notebooks = _disguised(files, lab)
    if not notebooks:
        notebooks = _scripts(files, lab)
        what = "is a Python file; its parts between lines that begin with # %% were read as cells"
        pick.remarks += [f"{file.origin} {what}" for file in notebooks]
    if not notebooks:
        pick.problem = pick.problem or _no_notebook(files)
        return pick
    best, reason = _best(notebooks, lab)
    if best is None:
        pick.problem = reason
        return pick
    file, pick.data = best
    pick.problem = ""
    pick.origin = file.origin
    if len(notebooks) > 1:
        passed = ", ".join(one.origin[:80] for one in notebooks if one is not file)
        pick.remarks.append(f"{file.origin} was graded, and not {passed[:500]}")
    elif not _is_named_after(file, lab):
        pick.remarks.append(f"the notebook was called {file.name!r}")
    return pick


def _no_notebook(files: list[File]) -> str:
    refused = [file for file in files if file.refused]
    if refused:
        return f"{refused[0].origin}: {refused[0].refused}"
    names = ", ".join(repr(file.name) for file in files if not file.folder)[:200]
    return "there is no notebook in it" + (f", only {names}" if names else "")


def _time(files: list[File], lab: str, remarks: list[str]) -> str:
    """The time in nbgrader's timestamp.txt, in ISO 8601 and UTC; empty where there is none.

    nbgrader writes one into the folder of the lab; what lies deeper came from the student.
    """
    from nbgrader.utils import parse_utc

    folders = [tuple(part.lower() for part in file.parts[:-1]) for file in files]
    for place in ((lab,), ()):
        for file in (one for one, folder in zip(files, folders, strict=True) if folder == place):
            if file.name != "timestamp.txt" or file.folder:
                continue
            try:
                text = file.read().decode("utf-8").strip()
                return parse_utc(text[:100]).replace(tzinfo=UTC).isoformat()
            except (InputError, ValueError, OverflowError, TypeError, AttributeError):
                remarks.append("its timestamp.txt holds no time")
    return ""


def _newest(notebooks: list[File], uploads: Mapping[File, int], remarks: list[str]) -> list[File]:
    """Of several attempts that Canvas numbers (lab.ipynb, lab-1.ipynb) only the last."""
    kept: dict[str, File] = {}
    for file in notebooks:
        base = re.sub(r"-\d+$", "", Path(file.name).stem).lower()
        before = kept.get(base)
        if before is None or _attempt(file, uploads) > _attempt(before, uploads):
            kept[base] = file
    if len(kept) < len(notebooks):
        remarks.append(f"the last of {len(notebooks)} attempts was graded")
    return list(kept.values())


def _attempt(file: File, uploads: Mapping[File, int]) -> tuple[int, int]:
    number = re.search(r"-(\d{1,9})$", Path(file.name).stem)
    return uploads[file], int(number[1]) if number else 0


def _from_zip(archives: list[File], pick: Pick) -> list[File]:
    """The notebooks of the first archive within the submission that holds any."""
    for archive in archives[:_MOST_LOOKED_AT]:
        try:
            inner = unpacked(archive)
        except InputError as error:
            pick.problem = str(error)
            continue
        notebooks = [file for file in inner if is_notebook(file)]
        if notebooks:
            pick.remarks.append(f"the notebook was in {archive.origin}")
            return notebooks
        pick.problem = f"{archive.origin}: {_no_notebook(inner)}"
    return []


def _disguised(files: list[File], lab: str) -> list[File]:
    """Notebooks whose name says otherwise, as browsers save them: lab.ipynb.txt, lab.json."""
    found = []
    for file in files:
        suffix = _DOUBLED.search(file.name) or "." not in file.name
        if suffix and not file.folder and len(found) < _MOST_LOOKED_AT:
            try:
                if tasks_found(read_notebook(file.read()).cells, lab):
                    found.append(file)
            except InputError:
                continue
    return found


def _scripts(files: list[File], lab: str) -> list[File]:
    """Python files that hold an answer of the lab, as notebooks."""
    found = []
    for file in files:
        if not file.folder and file.name.lower().endswith(".py") and len(found) < _MOST_LOOKED_AT:
            try:
                data = as_notebook(file.read())
                if tasks_found(read_notebook(data).cells, lab):
                    found.append(replace(file, content=partial(bytes, data)))
            except InputError:
                continue
    return found


def _best(notebooks: list[File], lab: str) -> tuple[tuple[File, bytes] | None, str]:
    """The notebook that counts with its content, or the reason why none can be read.

    With several, one that holds answers comes before one that holds none, then the one named after
    the lab, in the folder named after it, then the one with more answers, then the one that is
    nearer to the top.
    """
    ranked, reason, left = [], "", ACCEPTED
    for number, file in enumerate(notebooks[:_MOST_LOOKED_AT]):
        try:
            data = file.read()
            left -= len(data)
            if left < 0:
                reason = f"its notebooks are larger than {ACCEPTED // 2**20} MiB together"
                break
            data = _slimmed(file, data)
        except InputError as error:
            reason = reason or str(error)
            continue
        if len(notebooks) == 1:
            return (file, data), ""
        exact = file.name.lower() == f"{lab}.ipynb"
        inside = file.parts[0].lower() == lab
        answers = _answers(data, lab)
        named = _is_named_after(file, lab)
        rank = (answers > 0, exact, inside, answers, named, -len(file.parts), number)
        ranked.append((rank, file, data))
    if not ranked:
        return None, reason
    _, file, data = max(ranked, key=lambda entry: entry[0])
    return (file, data), ""


def _slimmed(file: File, data: bytes) -> bytes:
    try:
        return slimmed(data)
    except InputError as error:
        raise InputError(f"{file.origin}: {error}") from None


def _is_named_after(file: File, lab: str) -> bool:
    return without_copy_mark(Path(file.name).stem).lower() == lab


def _answers(data: bytes, lab: str) -> int:
    """How many exercises of the lab have an answer; -1 where the notebook cannot be read."""
    try:
        cells = read_notebook(data).cells
    except InputError:
        return -1
    given = [cell for cell in cells if "raise NotImplementedError" not in cell.source]
    return sum(
        any(defines(cell, task.function) for cell in given)
        for task in TASKS.values()
        if task.lab == lab and isinstance(task, Exercise)
    )
