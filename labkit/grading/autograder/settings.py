"""What an autograder carries with it: the lab, the seed of its inputs, and what students see."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from labkit.errors import SourceError

FILE = "settings.json"
NOTEBOOK = "lab.ipynb"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """`seed` is the number that the inputs are drawn from, not the text that it was made of.

    `visibility` is Gradescope's: when students see the tests.
    """

    lab: str
    seed: int
    visibility: str = "visible"

    def to_json(self) -> str:
        """The content of `FILE`."""
        return json.dumps(asdict(self), indent=1) + "\n"

    @classmethod
    def read(cls, folder: Path) -> Self:
        """The settings in `folder`.

        Raises:
            SourceError: it is not there, or not as it was written.
        """
        try:
            return cls(**json.loads((folder / FILE).read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise SourceError(
                f"{folder / FILE} cannot be read ({error}): export the autograder again "
                "(`labkit export`)."
            ) from error
