"""The packages that grading needs, each pinned to the version of this environment."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

from labkit.errors import SourceError

LEFT_OUT = frozenset(
    (
        *("jupyter-book", "beautifulsoup4", "nbgrader", "jupyterlab", "jupytext", "bleach"),
        *("pytest", "pytest-timeout", "pytest-xdist", "hypothesis", "playwright"),
        *("axe-playwright-python", "ruff", "import-linter"),
    )
)
"""Of `requirements.txt`: what makes books, notebooks and tests."""

CPU = "https://download.pytorch.org/whl/cpu"


def locked(requirements: Path) -> list[str]:
    """`name==version` of what `requirements` names, without `LEFT_OUT`, and of all that it needs.

    The versions are those that this environment has: what was tried is what is installed there.
    torch is the small build for machines without a GPU.

    Raises:
        SourceError: `requirements` is not there, or a package is not installed here.
    """
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    try:
        lines = requirements.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise SourceError(
            f"{requirements} cannot be read ({error.strerror}): run this in a clone of the course."
        ) from error
    stated = [line.partition("#")[0].strip() for line in lines]
    wanted = [Requirement(line) for line in stated if line]
    waiting = [
        (one.name, one.extras) for one in wanted if canonicalize_name(one.name) not in LEFT_OUT
    ]
    found: dict[str, str] = {}
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        name, extras = waiting.pop()
        key = (canonicalize_name(name), frozenset(extras))
        if key in seen:
            continue
        seen.add(key)
        try:
            package = metadata.distribution(name)
        except metadata.PackageNotFoundError:
            raise SourceError(
                f"{name} is not installed here, so its version is not known: make setup."
            ) from None
        version = package.version
        if key[0] == "torch":
            version = f"{version.partition('+')[0]}+cpu"
        found[key[0]] = version
        for text in package.requires or ():
            need = Requirement(text)
            marker = need.marker
            names = {extra: extra for extra in ("", *extras)}
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in names):
                waiting.append((need.name, need.extras))
    # CUDA's libraries come with another build of torch.
    kept = {n: v for n, v in found.items() if not n.startswith(("nvidia-", "cuda-", "triton"))}
    return [f"{name}=={version}" for name, version in sorted(kept.items())]
