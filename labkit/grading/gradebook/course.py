"""A course as nbgrader knows it: its folders, its gradebook, the source of a lab."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.errors import InputError, SourceError
from labkit.labs.build import CONFIG
from labkit.labs.workspace import lab_names

if TYPE_CHECKING:
    from nbgrader.coursedir import CourseDirectory
    from traitlets.config import Config

_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Course:
    """The folder of nbgrader_config.py, and what is set there."""

    root: Path
    config: Config

    @classmethod
    def open(cls, root: Path | str) -> Course:
        """Read the settings in `root`.

        Raises:
            SourceError: there is no nbgrader_config.py.
        """
        from traitlets.config import PyFileConfigLoader

        root = Path(root).resolve()
        if not (root / CONFIG).is_file():
            raise SourceError(
                f"{root} holds no {CONFIG}. Run this in the root of the course, or name it with "
                "--course."
            )
        return cls(root, PyFileConfigLoader(CONFIG, path=str(root)).load_config())

    def directory(self, lab: str, **settings: Any) -> CourseDirectory:
        """nbgrader's own view of the folders for `lab`; `settings` replace those of the file."""
        from nbgrader.coursedir import CourseDirectory

        settings = {"root": str(self.root), "assignment_id": lab} | settings
        return CourseDirectory(config=self.config, **settings)

    def source(self, lab: str) -> str:
        """The notebook that `lab` is released from, as JSON.

        Raises:
            InputError: there is no such lab.
            SourceError: its notebook is not there.
        """
        if lab not in lab_names():
            raise InputError(f"there is no lab {lab!r}; choose from {', '.join(lab_names())}.")
        path = self._notebook(lab, "source")
        try:
            return path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SourceError(
                f"cannot read {path}: {error}. `labkit exercises` generates it anew."
            ) from error

    def release(self, lab: str) -> str:
        """The notebook of `lab` as students get it, as JSON; empty where it is not there."""
        path = self._notebook(lab, "release")
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    def _notebook(self, lab: str, step: str) -> Path:
        directory = self.directory(lab)
        folder = directory.format_path(getattr(directory, f"{step}_directory"), ".", lab)
        return Path(folder) / f"{lab}.ipynb"

    @property
    def submitted(self) -> Path:
        """The folder that nbgrader collects submissions into."""
        return self.root / self.directory("").submitted_directory

    def autograded(self, lab: str, student: str) -> Path:
        """The folder of what was graded of a student."""
        directory = self.directory(lab)
        return Path(directory.format_path(directory.autograded_directory, student, lab))

    @property
    def course_id(self) -> str:
        """nbgrader's name of the course."""
        return self.directory("").course_id

    @property
    def gradebook(self) -> Path:
        """The file of the gradebook, whether it is there yet or not.

        Raises:
            InputError: the gradebook is no SQLite file.
        """
        url = self.directory("").db_url
        if not url.startswith(_SQLITE):
            raise InputError(
                f"CourseDirectory.db_url is {url!r}: `labkit grade` writes into SQLite files only "
                "(sqlite:///path). Grade with `nbgrader autograde` there."
            )
        return self.root / url.removeprefix(_SQLITE)
