"""What a submission sees of labkit, and of libraries that answer exercises: mostly stubs.

Whoever grades runs the checks elsewhere.  What answers an exercise (the checks, and the functions
that they forbid) is not there to be read or called, whatever a submission does to the watch.
"""

import importlib.util
import shutil
from pathlib import Path

import labkit

MACHINERY = (
    "__init__",
    "errors",
    "checks/engine/deadline",
    "checks/engine/forbidden_calls",
    "checks/engine/model_data",
    "checks/engine/plain_data",
    "checks/engine/quick_data",
    "checks/engine/quick_transformers",
    "checks/engine/quiet",
    "checks/engine/trial",
    "checks/process/arguments",
    "checks/process/cells",
    "checks/process/frames",
    "checks/process/kernel",
    "checks/process/sources",
    "checks/process/worker",
    "grading/sandbox/confinement",
    "grading/sandbox/limits",
    "grading/sandbox/inside_sandbox",
)
"""Modules that run a submission; none of them answers an exercise."""

LENT = "checks/lent"
"""Modules whose classes the checks hand in as arguments."""

WITHHELD = ("torch.nn.utils.prune", "torch.ao.pruning", "sklearn", "evaluate", "statsmodels")
"""Libraries that answer an exercise, and that no right answer nor another library needs."""

_ABSENT = ("cli", "mini")
"""Rooms that nothing in a notebook of the course imports."""

STUB = '''"""Not available while submissions are graded."""

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
    # The worker puts something that does nothing in place of the checks that cells call.
    stub = _Stub(folder)
    stub.put(target / "checks" / "__init__.py")
    for module in package.rglob("*.py"):
        place = module.relative_to(package)
        room, copy = place.parts[0], target / place
        if copy.exists() or room in _ABSENT:
            continue
        if room in ("checks", "grading"):
            # Names of packages may be forbidden, which only a name that exists can be.
            if module.name == "__init__.py":
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.touch()
        elif module.name == "__init__.py":  # says no more than which names its modules have
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(module, copy)
        else:
            stub.put(copy)
    return target


def write_stubs(folder: Path) -> dict[Path, Path]:
    """Write stubs of `WITHHELD` below `folder`; returns what each stands in for, a file or folder.

    All of their modules can be imported: a submission that does no more loses nothing.
    """
    stubs: dict[Path, Path] = {}
    one = _Stub(folder)
    for name in WITHHELD:
        top, *rest = name.split(".")  # to look for the whole name would import what is above it
        spec = importlib.util.find_spec(top)
        if spec is None or spec.origin is None:
            continue
        place, target = Path(spec.origin).parent.joinpath(*rest), folder / name
        if place.is_dir():
            modules = {path: target / path.relative_to(place) for path in place.rglob("*.py")}
            stubs[place] = target
        else:
            place, target = place.with_suffix(".py"), target / place.name
            modules = {place: target}
            stubs[place] = target
            if (compiled := Path(importlib.util.cache_from_source(str(place)))).exists():
                stubs[compiled] = target
        for stub in modules.values():
            one.put(stub)
    return stubs


class _Stub:
    """A file below `folder` that stands in many places, as links: a thousand files take longer."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = folder / ".stub"
        self._file.write_text(STUB, encoding="utf-8")

    def put(self, place: Path) -> None:
        """Let the file stand at `place`."""
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            place.hardlink_to(self._file)
        except OSError:  # a file system without links
            shutil.copyfile(self._file, place)
