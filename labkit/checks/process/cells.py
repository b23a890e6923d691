"""Run the cells of a submission in order, up to where the checks want to look at its functions."""

import ast
import re
from collections.abc import Callable, Container, Iterator
from typing import Any

from labkit.checks.engine.deadline import Late, deadline
from labkit.checks.engine.trial import one_line
from labkit.checks.process.kernel import Kernel

_MOST_PASSED_OVER = 20  # shell commands that are told of one submission
# What code that does not compile should have given.
_GIVES = re.compile(
    r"^[ \t]*(?:(?:async +)?def|class) +(\w+)|^(\w+) *(?::[^=\n]+)?=(?!=)|^[ \t]*import +([\w. ,]+)"
    r"|^[ \t]*from +[\w.]+ +import +([\w ,]+)",
    re.MULTILINE,
)


class Run:
    """The cells `sources`, of which some have run, without those numbered in `without`, from 1.

    A cell has `seconds`.  `errors` holds [number of the cell, error] of those that raised,
    `passed_over` [number, shell command]; `lost` says what became of names that cells should have
    given: that cells behind miss them is no error of theirs.
    """

    def __init__(self, sources: list[str], seconds: float, without: Container[int] = ()) -> None:
        self.errors: list[list] = []
        self.passed_over: list[list] = []
        self.lost: dict[str, str] = {}
        self.kernel = Kernel()
        self._sources = sources
        self._seconds = seconds
        self._without = without
        self._next = 1
        self._functions: dict[str, Any] = {}

    def until(self, number: int, began: Callable[[int], None]) -> None:
        """Run the cells before cell `number` that have not run; says which one begins."""
        while self._next < min(number, len(self._sources) + 1):
            source, here = self._sources[self._next - 1], self._next
            self._next += 1
            if here in self._without:
                self._lose(here, source, "was left out")
                continue
            began(here)
            self._run(here, source)
            names = self.kernel.names
            self._functions |= {name: value for name, value in names.items() if callable(value)}

    def function(self, name: str) -> Any:
        """What `name` stands for now; None where it stands for nothing.

        At the end of all cells it is the last function of that name: where no graded cell says
        when it counts, trials do no harm (`sweep = sweep(model)`).
        """
        value = self.kernel.names.get(name)
        if self._next > len(self._sources) and not callable(value):
            return self._functions.get(name, value)
        return value

    def _run(self, number: int, source: str) -> None:
        error: BaseException | None
        try:
            with deadline(self._seconds, patience=1):
                error = self.kernel.run(source)
        except BaseException as raised:  # it rang as the cell ended
            error = raised
        commands = [[number, one_line(said)] for said in self.kernel.shell.passed_over]
        self.passed_over = (self.passed_over + commands)[:_MOST_PASSED_OVER]
        if error is None:
            return
        if isinstance(error, NameError) and str(error.name) in self.lost:
            self._lose(number, source, f"needed {error.name}; {self.lost[str(error.name)]}")
            return
        if isinstance(error, Late):
            text = f"had not ended after {self._seconds:g} s"
        else:
            # An exercise that is left open raises nothing here: its function is only defined.
            said = one_line(error)
            if isinstance(error, SyntaxError):  # its text names a file, which only IPython knows
                said = one_line(f"{error.msg} (line {error.lineno})")
            text = type(error).__name__ + (f": {said}" if said else "")
        self.errors.append([number, text])
        self._lose(number, source, text if isinstance(error, Late) else f"raised {text}")

    def _lose(self, number: int, source: str, why: str) -> None:
        said = f"code cell {number}, which should define it, {why}"
        try:
            given = set(_bound(ast.parse(self.kernel.transformed(source))))
        except Exception:
            found = (part for match in _GIVES.findall(source) for part in match)
            given = {word for part in found for word in re.findall(r"\w+", part)}
        self.lost = dict.fromkeys(given, said) | self.lost


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a cell binds outside its functions and classes."""
    match node:
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
            return
        case ast.alias(name=name, asname=other):
            yield other or name.split(".")[0]
        case ast.Name(id=name, ctx=ast.Store()):
            yield name
    for inner in ast.iter_child_nodes(node):
        yield from _bound(inner)
