"""Write the zip that Gradescope builds its container from."""

from __future__ import annotations

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path

import labkit
from labkit.errors import InputError, SourceError
from labkit.files import replacing
from labkit.grading.autograder.locked import CPU, locked
from labkit.grading.autograder.settings import FILE, NOTEBOOK, Settings

VISIBILITIES = ("visible", "after_due_date", "after_published", "hidden")
TEMPLATES = Path(__file__).parent / "templates"
_DATE = (2026, 1, 1, 0, 0, 0)  # the same content gives the same bytes
_RUN = 0o755


def write_gradescope_zip(
    course: Path | str, path: Path | str, settings: Settings
) -> tuple[Path, int]:
    """Write the autograder of a lab to `path`; returns it and its size in bytes.

    In it are setup.sh, run_autograder, the pinned packages, labkit with its mini models, the
    lab's notebook as students get it, and the settings: whoever has the file has the seed.

    Args:
        course: root of the course repository.
        path: where it goes.
        settings: lab, seed and visibility.

    Raises:
        InputError: there is no such lab, or no such visibility.
        SourceError: a file of the course is missing, or `path` cannot be written.
    """
    if settings.visibility not in VISIBILITIES:
        raise InputError(f"visibility {settings.visibility!r}: one of {', '.join(VISIBILITIES)}.")
    course = Path(course)
    frame = frame_of(course, settings.lab)
    packages = locked(course / "requirements.txt")
    with replacing(path) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED) as to:
        for name in ("setup.sh", "run_autograder"):
            text = (TEMPLATES / name).read_text(encoding="utf-8").replace("@CPU@", CPU)
            _put(to, name, text.encode(), _RUN)
        _put(to, "requirements.txt", ("\n".join(packages) + "\n").encode())
        _put(to, NOTEBOOK, frame.encode())
        _put(to, FILE, settings.to_json().encode())
        for name, file in package_files():
            _put(to, f"course/{name}", file.read_bytes())
    return Path(path), Path(path).stat().st_size


def frame_of(course: Path, lab: str) -> str:
    """The notebook that grading puts answers into, as JSON: the students' version, unlocked.

    Raises:
        InputError: there is no such lab.
        SourceError: its notebook is missing.
    """
    import nbformat

    from labkit.labs.workspace import lab_names

    if lab not in lab_names():
        raise InputError(f"there is no lab {lab!r}; choose from {', '.join(lab_names())}.")
    path = course / "exercises" / lab / f"{lab}.ipynb"
    if not path.is_file():
        raise SourceError(f"{path} is missing: run this in a clone of the course, or --course.")
    frame = nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)
    for cell in frame.cells:  # the notebook that grading starts from has neither
        for key in ("checksum", "cell_type"):
            cell.metadata.get("nbgrader", {}).pop(key, None)
    return nbformat.writes(frame) + "\n"


def package_files(without: tuple[str, ...] = ()) -> Iterator[tuple[str, Path]]:
    """Name below `labkit/` and path of each file of the package, without rooms `without`."""
    package = Path(labkit.__file__).parent
    for file in sorted(package.rglob("*")):
        place = file.relative_to(package)
        hidden = any(part.startswith((".", "__pycache__")) for part in place.parts)
        if file.is_file() and not hidden and place.parts[0] not in without:
            yield f"labkit/{place.as_posix()}", file


def _put(to: zipfile.ZipFile, name: str, content: bytes, mode: int = 0o644) -> None:
    info = zipfile.ZipInfo(name, _DATE)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | mode) << 16
    to.writestr(info, content)
