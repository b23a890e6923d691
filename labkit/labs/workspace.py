"""A student's working folder: labs copied from the course, never over existing work."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from labkit.checks import TASKS
from labkit.errors import InputError, SourceError
from labkit.files import write_text
from labkit.labs.reading import linked

COURSE = Path(__file__).resolve().parents[2]
ASSISTANTS = "AGENTS.md"
"""What coding assistants read that are opened in a student's folder."""


@dataclass(frozen=True)
class Lab:
    """One lab in a working folder: where its notebook is, and whether it was there before."""

    name: str
    path: Path
    kept: bool
    exercises: int
    points: int
    minutes: int


def lab_names() -> list[str]:
    """The labs of the course, in their order."""
    return list(dict.fromkeys(task.lab for task in TASKS.values()))


def start_labs(names: list[str], folder: Path | str, course: Path | str | None = None) -> list[Lab]:
    """Copy the student versions of the labs `names` to `folder`/NAME/NAME.ipynb.

    With them goes AGENTS.md, which asks coding assistants to teach and not to solve, unless one is
    there.  A notebook that is there is kept as it is; in a new one the links to the book lead to
    what can be read from there (`reading.linked`).  `course` is the root of the course repository,
    found from the package where it is not given.

    Raises:
        InputError: there is no such lab.
        SourceError: the course's folder `exercises` is not there, or `folder` cannot be written.
    """
    unknown = [name for name in names if name not in lab_names()]
    if unknown:
        raise InputError(f"there is no lab {unknown[0]!r}; choose from {', '.join(lab_names())}.")
    root = Path(course) if course else COURSE
    result = []
    for name in names:
        source = root / "exercises" / name / f"{name}.ipynb"
        target = Path(folder) / name / f"{name}.ipynb"
        if not source.is_file():
            raise SourceError(
                f"{source} is missing. Run `labkit start` from a clone of the course repository "
                "that was set up with `make setup`."
            )
        kept = target.exists()
        if not kept:
            try:
                text = linked(source.read_text(encoding="utf-8"), target, Path(folder), root)
                write_text(target, text)
            except SourceError as error:
                raise SourceError(f"{str(error).rstrip('.')} (--folder).") from error
        notes = root / "exercises" / ASSISTANTS
        if notes.is_file() and not (Path(folder) / ASSISTANTS).exists():
            write_text(Path(folder) / ASSISTANTS, notes.read_text(encoding="utf-8"))
        tasks = [task for task in TASKS.values() if task.lab == name]
        points, minutes = (sum(getattr(t, what) for t in tasks) for what in ("points", "minutes"))
        result.append(Lab(name, target, kept, len(tasks), points, minutes))
    return result


def jupyterlab_arguments(path: Path | str, course: Path | str = COURSE) -> list[str]:
    """What JupyterLab has to be told to open `path`, a notebook or a folder.

    Inside the `course` it serves the whole of it, so that links from a lab to the book's text work;
    another place it serves alone.
    """
    path, course = Path(path).resolve(), Path(course).resolve()
    if not path.is_relative_to(course):
        return [str(path)]
    where = quote(path.relative_to(course).as_posix())
    return [f"--ServerApp.root_dir={course}", f"--LabApp.default_url=/lab/tree/{where}"]
