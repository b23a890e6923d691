"""Notebooks of many students in one folder, as a shared drive has them: whose are they?"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path

from labkit.errors import InputError
from labkit.grading.submissions.archive import File
from labkit.grading.submissions.choose_file import is_notebook, is_zip, without_copy_mark
from labkit.grading.submissions.read_notebook import read_notebook

_MOST_SHOWN = 40
_WORD = (
    r"(?:(?:Your |Full |Student )?Name|Student(?: ID)?|Author|Matriculation number|Matrikelnummer)"
)
_SAID = r"[^\"'\n<>|*_(){}\[\]]{2,80}?"
# A line of a text; nbgrader's first cell has NAME = "…", others have a comment.
_IN_TEXT = re.compile(
    rf"^(?:[#>*-]+[ \t]+)*[*_]*{_WORD}[*_]*[ \t]*[:=][*_]*[ \t]*[*_\"']*"
    rf"(?P<name>{_SAID})[*_ \t\"']*$",
    re.MULTILINE | re.IGNORECASE,
)
_IN_CODE = re.compile(
    rf"^(?:#+[ \t]*{_WORD}[ \t]*:[ \t]*|NAME[ \t]*=[ \t]*[\"'])(?P<name>{_SAID})[\"']?[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)


def copies(files: Sequence[File], lab: str) -> list[File]:
    """Files called like the lab, with or without the mark of a copy: one of them is no copy."""
    return [
        file
        for file in files
        if not file.folder and (is_notebook(file) or is_zip(file)) and _title(file) == lab
    ]


def _title(file: File) -> str:
    stem = without_copy_mark(Path(file.name).stem)
    return re.sub(r"^(?:Copy of |Kopie von )+", "", stem, flags=re.IGNORECASE).lower()


def by_name_inside(files: Sequence[File], mapped: Collection[File]) -> dict[File, str]:
    """The student each of these files names in itself; `mapped` are known without.

    Raises:
        InputError: some name nobody, or two the same; shows them and says what to do.
    """
    names = {file: "" if file in mapped else name_inside(file) for file in files}
    counts = Counter(name.casefold() for name in names.values() if name)
    open_ = [
        file
        for file, name in names.items()
        if file not in mapped and (not name or counts[name.casefold()] > 1)
    ]
    if not open_:
        return {file: name for file, name in names.items() if name}
    shown = sorted(open_, key=lambda file: file.origin)[:_MOST_SHOWN]
    rows = [
        f"  {file.origin}   {names[file] and f'names {names[file]}'}".rstrip() for file in shown
    ]
    rows += ["  …"] if len(open_) > _MOST_SHOWN else []
    raise InputError(
        f"{len(files)} notebooks lie in one folder under the name of the lab, and "
        f"{len(open_)} of them do not tell whose they are: nothing was graded. Say it with --map "
        "FILE, a CSV with the columns submission (as below) and student, or put each student's "
        "files into a folder with their name. If all of them are of one student, leave one.\n"
        + "\n".join(rows)
    )


def name_inside(file: File) -> str:
    """The one name that a notebook gives in a cell or in its metadata; empty where there is none.

    Looked at are a line `Name: …` in a text or comment, `NAME = "…"`, `authors` of the metadata,
    and the account that Google Colab writes beside what was run.
    """
    try:
        data = file.read()
        cells = read_notebook(data).cells
    except InputError:
        return ""
    said = [
        match["name"].strip()
        for cell in cells
        for match in (_IN_CODE if cell.cell_type == "code" else _IN_TEXT).finditer(cell.source)
    ]
    found = dict.fromkeys(name for name in said if re.search(r"\w", name) and "…" not in name)
    if not found:
        found = dict.fromkeys(_in_metadata(data))
    return next(iter(found)) if len(found) == 1 else ""


def _in_metadata(data: bytes) -> list[str]:
    try:
        raw = json.loads(data)
        authors = raw.get("metadata", {}).get("authors") or []
        names = [one.get("name") for one in authors]
        if not names:
            runs = [cell.get("metadata", {}).get("executionInfo", {}) for cell in raw["cells"]]
            names = [run.get("user", {}).get("displayName") for run in runs]
    except (ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return []
    return [name.strip() for name in names if isinstance(name, str) and name.strip()]
