"""Write banks as a file that a platform imports."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from labkit.errors import InputError
from labkit.files import replacing, write_text
from labkit.quiz.bank import Bank

FORMS = {"gift": ".gift.txt", "moodle-xml": ".xml", "qti": ".zip"}
"""The forms, and how a file of each ends."""


def write_banks(banks: Sequence[Bank], form: str, target: Path | str) -> Path:
    """Write the banks in one of `FORMS` as one file, whole or not at all; returns its path.

    Raises:
        InputError: no such form, or no bank.
        SourceError: the file cannot be written.
    """
    if form not in FORMS:
        raise InputError(f"no form {form!r}; there are: {', '.join(FORMS)}")
    if not banks:
        raise InputError("no bank to write")
    if form == "gift":
        from labkit.quiz.gift import gift

        return write_text(target, gift(banks))
    if form == "moodle-xml":
        from labkit.quiz.moodle_xml import moodle_xml

        return write_text(target, moodle_xml(banks))
    from labkit.quiz.canvas import write_qti

    with replacing(target) as temporary:
        write_qti(banks, temporary)
    return Path(target)
