"""Mutate each reference solution in one place at a time and see whether its check rejects it.

    python tests/labs/mutants.py [ROOT] [LAB ...]

Prints the mutants that get full points, to be read by a person: one that behaves differently from
the solution points at a gap in the check's inputs.  A tool to run by hand, not a test.
"""

import ast
import copy
import sys
from collections.abc import Iterator
from pathlib import Path

import jupytext

from labkit import checks
from labkit.checks import REGISTRY

SWAPS = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of one node."""
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(-node.value if node.value else 1)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield ast.Compare(node.left, [SWAPS[type(node.ops[0])]()], node.comparators)
    elif isinstance(node, ast.BinOp) and type(node.op) in SWAPS:
        yield ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
        yield node.left
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(SWAPS[type(node.op)](), node.values)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield node.func.value  # the method is not called: x.abs() becomes x
        for i in range(len(node.keywords)):
            yield ast.Call(node.func, node.args, node.keywords[:i] + node.keywords[i + 1 :])
    elif isinstance(node, ast.If):
        yield ast.If(ast.Constant(False), node.body, node.orelse)
    elif isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Source of each mutant of the functions in `source`, and what was changed."""
    tree = ast.parse(source)
    count = len(list(ast.walk(tree)))
    for position in range(count):
        node = list(ast.walk(tree))[position]
        for number, _ in enumerate(variants(node)):
            clone = copy.deepcopy(tree)
            target = list(ast.walk(clone))[position]
            new = list(variants(target))[number]
            before = ast.unparse(target)
            for parent in ast.walk(clone):
                for field, value in ast.iter_fields(parent):
                    if value is target:
                        setattr(parent, field, new)
                    elif isinstance(value, list) and any(item is target for item in value):
                        value[:] = [new if item is target else item for item in value]
            text = ast.unparse(ast.fix_missing_locations(clone))
            if not isinstance(node, ast.Constant) or '"""' not in before:
                yield text, f"line {target.lineno}: {before!r} -> {ast.unparse(new)!r}"


def main(root: Path, labs: list[str]) -> None:
    """Print the survivors and the share that was rejected."""
    tried = rejected = 0
    for lab in labs:
        notebook = jupytext.read(root / f"solutions/{lab}/{lab}.py", fmt="py:percent")
        imports = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
        for cell in notebook.cells:
            id = cell.metadata.get("answer")
            if id is None:
                continue
            for text, change in mutants(cell.source):
                names: dict = {}
                try:
                    exec(imports + "\n" + text, names)
                except Exception:
                    continue  # it does not get as far as the check
                tried += 1
                function = names.get(REGISTRY[id].function)
                if checks.grade(id, function, seed=checks.grading_seed()).score < 1:
                    rejected += 1
                else:
                    print(f"{id}: {change}", flush=True)
        print(f"{lab}: {rejected} of {tried} mutants rejected so far", flush=True)


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    main(place, sys.argv[2:] or sorted({exercise.lab for exercise in REGISTRY.values()}))
