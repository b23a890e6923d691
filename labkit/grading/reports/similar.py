"""Which answers of a class are alike, beyond what the exercise makes everyone write.

Answers are compared by the pieces of their code, as in document fingerprinting (Schleimer,
Wilkerson and Aiken, "Winnowing: Local Algorithms for Document Fingerprinting", SIGMOD 2003): runs
of `K` tokens, after names, comments, docstrings, annotations and formatting were taken out.  A run
stays within one statement, so the order of statements does not matter.  Functions are short: all
runs are kept, where winnowing keeps a sample.

Many right answers to a short exercise are alike.  A piece therefore weighs log2(n / m), where m of
the n students who wrote any code hold it: nothing if all do.  Pieces that stand in the release
do not count at all.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log2
from typing import TYPE_CHECKING

from labkit.checks import REGISTRY
from labkit.grading.submissions.outcomes import Outcome

if TYPE_CHECKING:
    import numpy as np

K = 5
SHARE = 0.5
"""Below this share of common pieces two answers to an exercise are not alike."""
MARGIN = 10.0
"""Bits beyond what the best of all pairs reaches by chance, from which a pair is listed."""
OTHER = "other cells"
_LONGEST = 50_000  # characters of a cell; what is longer was not written by hand
# Of code as `ast.unparse` writes it: strings, names and numbers, other characters one by one.
_TOKEN = re.compile(r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|\w+|\S""")


@dataclass(frozen=True)
class Alike:
    """Two students whose code has more in common than the class explains.

    `parts` holds (exercise, share) of the alike exercises; a share is the weight of the pieces that
    both wrote over that of those that either wrote, from 0 to 1.  `bits` is the weight of what is
    common, where m overlapping pieces of an exercise count as the square root of m / K pieces that
    know nothing of each other.
    """

    students: tuple[str, str]
    parts: tuple[tuple[str, float], ...]
    bits: float


def alike(outcomes: Sequence[Outcome], release: str = "", margin: float = MARGIN) -> list[Alike]:
    """Pairs of students whose code is alike, those with most in common first.

    Says nothing of who wrote what, or why: a person has to read the two.  `release` is the
    students' version of the lab as JSON.  A pair is listed from log2(number of pairs) + `margin`
    bits.  Code that does not parse is not compared.
    """
    import numpy as np

    told = _pieces_of_notebook(release)
    common = frozenset().union(*told.values())
    written = [
        {part: found - common for part, found in _pieces_of_notebook(outcome.notebook).items()}
        for outcome in outcomes
    ]
    wrote = sum(any(answers.values()) for answers in written)
    pairs = len(outcomes) * (len(outcomes) - 1) // 2
    least = log2(max(pairs, 1)) + margin
    bits = np.zeros((len(outcomes), len(outcomes)))
    shares = {}
    for part in dict.fromkeys(part for answers in written for part in answers):
        share, weight = _compare([answers.get(part, frozenset()) for answers in written], wrote)
        shares[part] = np.where(share >= SHARE, share, 0)
        bits += np.where(share >= SHARE, weight, 0)
    found = [
        Alike(
            (outcomes[i].student, outcomes[j].student),
            tuple((part, float(share[i, j])) for part, share in shares.items() if share[i, j]),
            float(bits[i, j]),
        )
        for i, j in np.argwhere(np.triu(bits >= least, 1))
    ]
    return sorted(found, key=lambda pair: (-pair.bits, pair.students))


@lru_cache(maxsize=4096)  # most cells of most notebooks are those of the release
def pieces(code: str) -> frozenset[str]:
    """Runs of `K` tokens of the code's statements, without what a person changes at no cost.

    Bound names become one name, docstrings, annotations, imports and comments go.  Empty where the
    code does not parse.
    """
    return frozenset(
        " ".join(run) for statement in _statements(code) for run in _runs(_TOKEN.findall(statement))
    )


def _compare(answers: Sequence[frozenset[str]], wrote: int) -> tuple[np.ndarray, np.ndarray]:
    """Share and bits of what each two answers to one exercise have in common, as n by n arrays.

    `wrote` is the number of students who wrote anything at all, to this exercise or another.
    """
    import numpy as np
    from scipy.sparse import csr_array

    numbers = {piece: i for i, piece in enumerate(sorted(frozenset().union(*answers)))}
    rows = [row for row, answer in enumerate(answers) for _ in answer]
    columns = [numbers[piece] for answer in answers for piece in answer]
    shape = (len(answers), max(len(numbers), 1))
    holds = csr_array((np.ones(len(rows)), (rows, columns)), shape=shape)
    weight = np.log2(max(wrote, 1) / np.maximum(holds.sum(axis=0), 1))
    both = ((holds * weight) @ holds.T).toarray()
    counts = ((holds * (weight > 0)) @ holds.T).toarray()
    own = both.diagonal()
    either = own[:, None] + own[None, :] - both
    share = np.divide(both, either, out=np.zeros_like(both), where=either > 0)
    apart = np.maximum(counts / K, 1)
    bits = np.divide(both, counts, out=np.zeros_like(both), where=counts > 0) * np.sqrt(apart)
    return share, bits


def _pieces_of_notebook(notebook: str) -> dict[str, frozenset[str]]:
    """Pieces by exercise, and those of all other cells that students may write."""
    answers = {f"{exercise.grade_id}-answer": exercise.id for exercise in REGISTRY.values()}
    found: dict[str, frozenset[str]] = {}
    for cell in json.loads(notebook)["cells"] if notebook else []:
        known = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] != "code" or known.get("locked"):
            continue
        source = cell["source"]
        part = answers.get(known.get("grade_id"), OTHER)
        text = source if isinstance(source, str) else "".join(source)
        found[part] = found.get(part, frozenset()) | pieces(text)
    return found


class _Plain(ast.NodeTransformer):
    """Take out of a tree what a person changes without changing what the code does."""

    def __init__(self, tree: ast.AST) -> None:
        self._bound = {
            name
            for node in ast.walk(tree)
            for name in (
                node.arg if isinstance(node, ast.arg) else "",
                node.id if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) else "",
                node.name if isinstance(node, ast.FunctionDef | ast.ExceptHandler) else "",
            )
        }

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name("x" if node.id in self._bound else node.id, node.ctx)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        return ast.arg("x")

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.name, node.returns = "x", None
        return self.generic_visit(node)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> ast.AST:
        node.name = node.name and "x"
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if node.value is None:
            return None
        return self.generic_visit(ast.Assign([node.target], node.value, lineno=0))

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        return None if isinstance(node.value, ast.Constant) else self.generic_visit(node)

    def visit_Import(self, node: ast.AST) -> None:
        return None

    visit_ImportFrom = visit_Import


def _statements(code: str) -> list[str]:
    """One line of text for each statement, and for the head of each compound one."""
    if len(code) > _LONGEST:
        return []
    try:
        with warnings.catch_warnings(action="ignore"):  # on escapes in the student's strings
            tree = ast.parse(code)
        return ast.unparse(_Plain(tree).visit(tree)).splitlines()
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []


def _runs(tokens: list[str]) -> Iterator[tuple[str, ...]]:
    for start in range(max(len(tokens) - K + 1, 1)):
        if tokens:
            yield tuple(tokens[start : start + K])
