"""A hash of all code of labkit that some module runs, found by following its imports.

What is kept under such a hash (a study's cells, the book's pages, outcomes of grading) is computed
anew when any of that code changes: no list of modules that somebody keeps by hand can be out of
date.  Imports inside functions and for type checking count, and modules named in a string (`python
-m`).  Code is read as text and not run.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

_HOME = Path(__file__).parent
_IMPORT = re.compile(
    r"^[ \t]*from (labkit(?:\.\w+)*) import (\([^)]*\)|[^\n(#]+)|\b(labkit(?:\.\w+)+)", re.MULTILINE
)


def code_hash(*names: str) -> str:
    """SHA-256 (first 16 hexadecimal digits) of the modules `names` and all they import of labkit.

    Raises:
        ValueError: there is no such module.
    """
    digest = hashlib.sha256()
    for name in modules_run_by(names):
        digest.update(f"{name}\0".encode() + _file(name).read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def modules_run_by(names: Iterable[str]) -> list[str]:
    """The modules `names` and all modules of labkit that these import, however indirectly, sorted.

    Raises:
        ValueError: there is no such module.
    """
    found: set[str] = set()
    left = list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            # Importing labkit.a.b runs labkit/__init__.py and labkit/a/__init__.py.
            parents = name.split(".")[:-1]
            left += [".".join(parents[: depth + 1]) for depth in range(len(parents))]
            left += _imports_of(name)
    return sorted(found)


def imported_names(text: str) -> Iterator[str]:
    """The modules of labkit that the Python code `text` imports, itself and not indirectly.

    What only looks like an import, in a string or comment, counts too: one module too many does no
    harm.  Modules that are not there do not count.
    """
    for match in _IMPORT.finditer(text):
        package, names, module = match.groups()
        if module:
            yield from [module] if _find(module) else []
        elif _find(package):
            for name in names.strip("()").split(","):
                if words := name.split():
                    yield from _meant_by(package, words[0])


@cache
def _imports_of(name: str) -> tuple[str, ...]:
    return tuple(imported_names(_file(name).read_text(encoding="utf-8")))


def _meant_by(package: str, name: str) -> list[str]:
    """The modules that `from package import name` runs."""
    inner = f"{package}.{name}"
    if _find(inner):
        return [inner]
    home = _file(package)
    if home.name != "__init__.py":
        return [package]
    lazy = _lazy_names(home)
    if name in lazy:
        return [package, *_meant_by(f"{package}.{lazy[name]}", name)]
    return [package]


@cache
def _lazy_names(path: Path) -> dict[str, str]:
    """Names that a package hands on from its modules at first use → the module, as it says."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        for keyword in node.keywords if isinstance(node, ast.Call) else ():
            if keyword.arg == "submod_attrs":
                table = ast.literal_eval(keyword.value)
                return {name: module for module, names in table.items() for name in names}
    return {}


def _file(name: str) -> Path:
    path = _find(name)
    if path is None:
        raise ValueError(f"there is no module {name}")
    return path


def _find(name: str) -> Path | None:
    place = _HOME.joinpath(*name.split(".")[1:])
    for path in (place.with_name(f"{place.name}.py"), place / "__init__.py"):
        if path.is_file():
            return path
    return None
