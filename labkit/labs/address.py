"""The course's public address, as `_config.yml` states it once: nothing points there before."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from labkit.errors import InputError

_REPOSITORY = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+?)(?:\.git)?/?")

_SETUP = """\
# On Colab: set up the course where it is not there yet. This takes some minutes, once a session.
import importlib.util
import subprocess
import sys

if importlib.util.find_spec("labkit") is None:
    course = "llm-sparsity-lab @ git+{repository}@{branch}"
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", course], check=True)"""


@dataclass(frozen=True)
class Address:
    """Owner and name of a repository on GitHub, and the branch that readers get."""

    owner: str
    repository: str
    branch: str

    @property
    def url(self) -> str:
        """Address of the repository."""
        return f"https://github.com/{self.owner}/{self.repository}"

    @property
    def site(self) -> str:
        """Address of the built site on GitHub Pages."""
        return f"https://{self.owner.lower()}.github.io/{self.repository}/"

    def colab(self, path: str) -> str:
        """Address that opens the notebook at `path` of the repository in Google Colab."""
        place = f"{self.owner}/{self.repository}/blob/{quote(self.branch)}"
        return f"https://colab.research.google.com/github/{place}/{quote(path)}"

    def binder(self, path: str) -> str:
        """Address that opens the notebook at `path` of the repository on mybinder.org."""
        place = f"{self.owner}/{self.repository}/{quote(self.branch, safe='')}"
        return f"https://mybinder.org/v2/gh/{place}?labpath={quote(path, safe='')}"

    def report(self, page: str) -> str:
        """Address where a reader reports a problem of a page, whose name stands there already."""
        return f"{self.url}/issues/new?title={quote(f'Problem on the page {page}', safe='')}"

    def setup_cell(self) -> str:
        """Code that installs labkit from the repository where it is missing, as on Colab."""
        return _SETUP.format(repository=self.url, branch=self.branch)


def read_address(text: str | None, branch: str) -> Address | None:
    """The address in `text`, https://github.com/OWNER/REPOSITORY, or None where it is empty.

    Raises:
        InputError: `text` is something else.
    """
    text = (text or "").strip()
    if not text:
        return None
    found = _REPOSITORY.fullmatch(text)
    if not found:
        raise InputError(
            f"course_repository in _config.yml is {text!r}: write "
            "https://github.com/OWNER/REPOSITORY, or leave it empty"
        )
    return Address(*found.groups(), branch)


def course_address(root: Path | str) -> Address | None:
    """The address that `_config.yml` of the course at `root` states; None without one.

    Raises:
        InputError: as `read_address`.
    """
    import yaml

    path = Path(root) / "_config.yml"
    if not path.is_file():
        return None
    config = yaml.safe_load(path.read_text(encoding="utf-8"))["sphinx"]["config"]
    return read_address(config["course_repository"], config["course_branch"])
