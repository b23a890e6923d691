"""Point out code that an honest answer hardly needs: for a person to read, never a deduction."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbformat import NotebookNode

_WORDS = {
    # looks for the check, or for the answer, in the interpreter
    *("setprofile", "settrace", "_getframe", "currentframe", "f_back", "f_globals", "f_locals"),
    *("get_objects", "get_referrers", "gc", "inspect", "ctypes", "sys.modules", "__builtins__"),
    *("vars", "globals", "locals", "__dict__", "attrgetter"),
    *("builtins", "importlib", "__import__", "__subclasses__", "grading_seed", "REGISTRY"),
    # changes what others see of a value
    *("__eq__", "__reduce__", "__reduce_ex__", "__getattribute__", "__instancecheck__"),
    # leaves the process
    *("subprocess", "socket", "multiprocessing", "fork", "kill", "_exit", "os.system", "popen"),
    *("urllib", "requests", "environ", "getenv", "signal"),
}
# Lines that IPython alone reads, such as `%time` or `!ls`.
# Within a line: `\s*` would try each of a thousand blank lines from each of them.
_MAGIC = re.compile(r"^[ \t]*(?:%{1,2}[A-Za-z_]|!(?!=)).*$", re.MULTILINE)
_BARE = {"exec", "eval"}  # as names; `model.eval()` is something else
_TEXTS = re.compile(r"\.\./|/proc/|/etc/|solutions/|submitted/|gradebook", re.IGNORECASE)
# Rooms that hold an answer, and the checks and what runs them.
_ANSWERS = re.compile(
    r"labkit\.(?:(?:checks|grading)(?:\.\w+){0,2}"
    r"|(?:pruning|evaluation|storage|execution|weights)\b(?:\.\w+)?)"
)


def suspicions(notebook: NotebookNode, frame: NotebookNode) -> tuple[str, ...]:
    """One line per code cell of `notebook` that uses what no cell of `frame` uses, out of place."""
    usual = {use for cell in frame.cells if cell.cell_type == "code" for use in _uses(cell.source)}
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    found = []
    for number, source in enumerate(code, start=1):
        if odd := sorted(_uses(source) - usual):
            found.append(f"code cell {number} uses {', '.join(odd)}: read it")
    return tuple(found)


@lru_cache(maxsize=256)
def _uses(source: str) -> frozenset[str]:
    """What is out of place in the code of a cell; that of the course comes with each submission."""
    return frozenset(_found(source))


def _found(source: str) -> Iterator[str]:
    """What is out of place in the code of a cell; in code with an error in it, words alone."""
    code = _without_magics(source)
    if code != source:
        yield from (line.strip()[:40] for line in _MAGIC.findall(source) if "!" in line)
    source = code
    try:
        nodes = list(ast.walk(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        yield from _WORDS & set(re.findall(r"\w+", source))
        return
    for node in nodes:
        words, texts = [], []
        match node:
            case ast.Name(id=name):
                words = [name]
                yield from _BARE & {name}
            case ast.Attribute(value=value, attr=name):
                words = [name, f"{value.id}.{name}" if isinstance(value, ast.Name) else name]
            case ast.FunctionDef(name=name):
                words = [name]
            case ast.Import(names=aliases):
                words = [part for alias in aliases for part in alias.name.split(".")]
                texts = [alias.name for alias in aliases]
            case ast.ImportFrom(module=module, names=aliases):
                words = [*(module or "").split("."), *(alias.name for alias in aliases)]
                texts = [module or "", *(f"{module}.{alias.name}" for alias in aliases)]
            case ast.Call(func=ast.Name(id="getattr" | "setattr" as name), args=[_, given, *_]):
                if not isinstance(given, ast.Constant):
                    yield f"{name} of a name that is put together"
            case ast.Constant(value=str(text)):
                words = [text]
                yield from (match.group(0) for match in _TEXTS.finditer(text))
        yield from _WORDS & set(words)
        yield from (match.group(0) for text in texts for match in _ANSWERS.finditer(text))


def _without_magics(source: str) -> str:
    """The code of a cell without lines for IPython.

    What Python reads stays as it is: a line of a longer expression may begin with % or !=.
    """
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return _MAGIC.sub("", source)
    return source
