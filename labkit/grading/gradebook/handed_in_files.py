"""The files that were handed in beside a notebook, kept in autograded/ as nbgrader keeps them.

nbgrader's own are among them: `submission_secret.txt` of the exchange, without which no feedback
can be released.  No submission sees them while it is graded.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Sequence
from pathlib import Path

from labkit.errors import InputError
from labkit.files import replacing
from labkit.grading.submissions.archive import File

MOST_FILES = 1000
"""Files of one student that are kept."""
MOST_BYTES = 100 * 2**20
"""Bytes of all of them together."""

_OURS = ("timestamp.txt",)  # written anew with the time that counts
_NAMED = 3


def kept(files: Sequence[File], lab: str) -> dict[str, File]:
    """What to keep of a student's files, by its path in the folder of the lab.

    Notebooks are left out that lie beside the one that was graded, as nbgrader leaves them out.
    What a browser would run gets the ending .txt: Formgrader shows these files on the hub's own
    address, with the rights of whoever grades.
    """
    found = {}
    for file in files:
        parts = file.parts[1:] if file.parts[0].lower() == lab else file.parts
        if file.folder or not parts:
            continue
        if len(parts) == 1 and (parts[0].lower().endswith(".ipynb") or parts[0] in _OURS):
            continue
        found["/".join([*parts[:-1], _inert(parts[-1])])] = file
    return dict(sorted(found.items()))


def write(files: dict[str, File], folder: Path) -> str:
    """Write files that `kept` gave into `folder`; returns what was left out and why, in words."""
    left, lost = MOST_BYTES, {}
    for number, (name, file) in enumerate(files.items()):
        try:
            if number >= MOST_FILES:
                raise InputError(f"there are more than {MOST_FILES}")
            data = file.read()
            if len(data) > left:
                raise InputError(f"they have more than {MOST_BYTES // 2**20} MiB together")
            with replacing(folder / name) as temporary:
                temporary.write_bytes(data)
            left -= len(data)
        except (InputError, OSError, ValueError) as error:
            lost[name] = str(error)
    if not lost:
        return ""
    some = ", ".join(f"{name} ({reason})" for name, reason in list(lost.items())[:_NAMED])
    return f"{len(lost)} files beside the notebook were not kept: {some}"


def _inert(name: str) -> str:
    kind = mimetypes.guess_type(name)[0] or ""
    runs = "html" in kind or kind.endswith(("xml", "rfc822")) or kind.startswith("multipart/")
    return f"{name}.txt" if runs else name
