"""The `labkit` that a submission sees: what it is run by, and stubs in place of the rest.

Whoever grades runs the checks elsewhere.  What answers an exercise (the checks, and the functions
that they forbid) is not there to be read or called, whatever a submission does to the watch.
"""

import shutil
from pathlib import Path

import labkit
from labkit.files import write_text

MACHINERY = (
    "__init__",
    "errors",
    "checks/data",
    "checks/deadline",
    "checks/quiet",
    "checks/trial",
    "checks/watch",
    "checks/worker",
    "grading/limits",
    "grading/inside",
)
"""Modules that run a submission; none of them answers an exercise."""

LENT = "checks/lent"
"""Modules whose classes the checks hand in as arguments."""

_STUB = '''"""Not available while submissions are graded."""

from labkit.errors import WithheldError


def __getattr__(name):
    if name.startswith("__"):
        raise AttributeError(name)

    def withheld(*_, **__):
        raise WithheldError(f"{__name__}.{name} is not available while submissions are graded")

    return withheld
'''


def write_view(folder: Path) -> Path:
    """Write the package into `folder`/labkit, which must not exist; returns that path."""
    package = Path(labkit.__file__).parent
    target = folder / "labkit"
    lent = [f"{LENT}/{module.stem}" for module in (package / LENT).glob("*.py")]
    for name in (*MACHINERY, *lent):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(package / f"{name}.py", target / f"{name}.py")
    for place in ("grading", *(f"checks/{found.parent.name}" for found in _packages(package))):
        if not (target / place / "__init__.py").exists():
            write_text(target / place / "__init__.py", "")
    # The worker puts something that does nothing in place of the checks that cells call.
    write_text(target / "checks" / "__init__.py", _STUB)
    for module in package.glob("*.py"):
        if not (target / module.name).exists():
            write_text(target / module.name, _STUB)
    return target


def _packages(package: Path) -> list[Path]:
    """Packages of checks: their names may be forbidden, which only a name that exists can be."""
    return sorted((package / "checks").glob("*/__init__.py"))
