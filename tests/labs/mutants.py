"""Mutate each reference solution in one place at a time and see whether its check rejects it.

    python tests/labs/mutants.py [ROOT] [LAB or EXERCISE ...]

Mutations of the structure stand here, those of numbers and containers in `numeric`.  A mutant
survives if it gets full points at one of several seeds.  Prints those survivors that are not yet
listed in `survivors.csv`, to be read by a person: one that behaves differently from the solution
points at a gap in the check's inputs.  What was read goes into that file, with a word on why:
`same` where no input tells the mutant from the solution, `tolerated` where the exercise lets both
pass on purpose.  A tool to run by hand, not a test.
"""

import ast
import copy
import csv
import difflib
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import jupytext
from numeric import mark_sizes, numeric

from labkit import checks
from labkit.checks import REGISTRY

SURVIVORS = Path(__file__).with_name("survivors.csv")
SEEDS = (checks.grading_seed(), 3)
SECONDS = 300  # that the check of one mutant may take; its calls have deadlines of their own

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
ORDERS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE)
ONE_WAY = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult, ast.LShift, ast.RShift)
"""Operators whose operands cannot be swapped without a difference."""


def variants(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of one node."""
    if isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(-node.value if node.value else 1)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in SWAPS:
        yield ast.Compare(node.left, [SWAPS[type(node.ops[0])]()], node.comparators)
        if len(node.ops) == 1 and isinstance(node.ops[0], ORDERS):
            yield ast.Compare(node.comparators[0], node.ops, [node.left])
    elif isinstance(node, ast.BinOp):
        if type(node.op) in SWAPS:
            yield ast.BinOp(node.left, SWAPS[type(node.op)](), node.right)
        yield node.left
        if isinstance(node.op, ONE_WAY):
            yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.BoolOp):
        yield ast.BoolOp(SWAPS[type(node.op)](), node.values)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Call):
        yield from _calls(node)
    elif isinstance(node, ast.Slice):
        yield from _slices(node)
    elif isinstance(node, ast.stmt):
        yield from _statements(node)


def _calls(node: ast.Call) -> Iterator[ast.AST]:
    if isinstance(node.func, ast.Attribute):
        yield node.func.value  # the method is not called: x.abs() becomes x
        for i in range(len(node.keywords)):
            yield ast.Call(node.func, node.args, node.keywords[:i] + node.keywords[i + 1 :])
    for i in range(len(node.args) - 1):
        first, second = node.args[i : i + 2]
        yield ast.Call(
            node.func, [*node.args[:i], second, first, *node.args[i + 2 :]], node.keywords
        )


def _slices(node: ast.Slice) -> Iterator[ast.AST]:
    for name in ("lower", "upper", "step"):
        bound = getattr(node, name)
        if bound is None:
            continue
        parts = {"lower": node.lower, "upper": node.upper, "step": node.step}
        yield ast.Slice(**parts | {name: None})
        if not isinstance(bound, ast.Constant):  # constants are moved where they stand
            for op in (ast.Add(), ast.Sub()):
                yield ast.Slice(**parts | {name: ast.BinOp(bound, op, ast.Constant(1))})


def _statements(node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, ast.If):
        yield ast.If(ast.Constant(False), node.body, node.orelse)
    if isinstance(node, ast.AugAssign):
        yield ast.Assign([node.target], node.value)
    text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)  # a docstring
    if not text and not isinstance(node, ast.FunctionDef | ast.Import | ast.ImportFrom | ast.Pass):
        yield ast.Pass()


def mutants(
    source: str, kinds: tuple[Callable[[ast.AST], Iterator[ast.AST]], ...] = (variants, numeric)
) -> Iterator[tuple[str, str, str]]:
    """Source of each mutant of the functions in `source`, the lines changed, and their new text."""
    tree = ast.parse(source)
    for node in ast.walk(tree):  # annotations say nothing at run time
        if isinstance(node, ast.FunctionDef):
            node.returns = None
        elif isinstance(node, ast.arg):
            node.annotation = None
    mark_sizes(tree)
    whole = ast.unparse(tree).splitlines()
    seen = {ast.unparse(tree)}
    for position, node in enumerate(ast.walk(tree)):
        found = [(kind, number) for kind in kinds for number, _ in enumerate(kind(node))]
        for kind, number in found:
            clone = copy.deepcopy(tree)
            target = list(ast.walk(clone))[position]
            new = list(kind(target))[number]
            inside = set(ast.walk(new))  # the mutation may hold the expression itself
            for parent in ast.walk(clone):
                for field, value in ast.iter_fields(parent):
                    if parent in inside:
                        continue
                    if value is target:
                        setattr(parent, field, new)
                    elif isinstance(value, list) and any(item is target for item in value):
                        value[:] = [new if item is target else item for item in value]
            text = ast.unparse(ast.fix_missing_locations(clone))
            if text not in seen:
                seen.add(text)
                yield text, *_changed(whole, text.splitlines())


def _changed(whole: list[str], mutated: list[str]) -> tuple[str, str]:
    """The lines that differ, on one line each: those that were there, and those that are."""
    steps = difflib.SequenceMatcher(None, whole, mutated).get_opcodes()
    parts = [(whole[i:j], mutated[k:m]) for tag, i, j, k, m in steps if tag != "equal"]
    before, after = ([line.strip() for part in parts for line in part[n]] for n in (0, 1))
    return " / ".join(before), " / ".join(after)


def scored(id: str, sources: list[str]) -> Iterator[float | None]:
    """Score of each source as the answer to `id`; None where it did not get as far as the check.

    They are checked in another process.  One that ends it, or never returns, counts as rejected
    (0.0), and the rest goes on in a new process.
    """
    forks = "forkserver" in multiprocessing.get_all_start_methods()
    context = multiprocessing.get_context("forkserver" if forks else "spawn")
    while sources:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_score, args=(theirs, id, sources), daemon=True)
        process.start()
        theirs.close()
        try:
            while sources:
                if not ours.poll(SECONDS):
                    raise EOFError
                yield ours.recv()
                sources = sources[1:]
        except EOFError:
            yield 0.0
            sources = sources[1:]
        process.kill()
        process.join()


def _score(pipe: Connection, id: str, sources: list[str]) -> None:
    for source in sources:
        names: dict = {}
        try:
            exec(source, names)
            function = names.get(REGISTRY[id].function)
            score = max(checks.grade(id, function, seed=seed).score for seed in SEEDS)
        except BaseException:  # whatever a mutant does to itself
            score = None
        pipe.send(score)


def main(root: Path, labs: list[str]) -> None:
    """Print the survivors that nobody has read, listed ones that are gone, and the counts."""
    with SURVIVORS.open(encoding="utf-8", newline="") as file:
        read = {
            (r["exercise"], r["before"], r["after"]): r["verdict"] for r in csv.DictReader(file)
        }
    writer = csv.writer(sys.stdout, lineterminator="\n")
    together: Counter[str] = Counter()
    only = {name for name in labs if "." in name}
    labs = list(dict.fromkeys(name.partition(".")[0] for name in labs))
    for lab in labs:
        counts: Counter[str] = Counter()
        met = set()
        notebook = jupytext.read(root / f"solutions/{lab}/{lab}.py", fmt="py:percent")
        imports = next(cell.source for cell in notebook.cells if cell.cell_type == "code")
        for cell in notebook.cells:
            id = cell.metadata.get("answer")
            if id is None or (only and id not in only):
                continue
            found = list(mutants(cell.source))
            sources = [imports + "\n" + text for text, _, _ in found]
            for (_, before, after), score in zip(found, scored(id, sources), strict=True):
                if score is None:
                    continue
                key = (id, before, after)
                counts["tried"] += 1
                if score < 1:
                    counts["rejected"] += 1
                    continue
                met.add(key)
                counts[read.get(key, "unread")] += 1
                if key not in read:
                    writer.writerow([*key, "", ""])
                    sys.stdout.flush()
        gone = [key for key in read if _of(key[0], lab, only) and key not in met]
        for key in gone:
            print("no survivor any more:", *key, sep="\n  ")
        print(f"{lab}: {_counted(counts)}", flush=True)
        together += counts
    print(f"together: {_counted(together)}")


def _of(id: str, lab: str, only: set[str]) -> bool:
    return id in only if only else id.startswith(f"{lab}.")


def _counted(counts: Counter[str]) -> str:
    rest = {key: number for key, number in counts.items() if key not in ("tried", "rejected")}
    said = "".join(f", {number} {key}" for key, number in sorted(rest.items()))
    return f"{counts['rejected']} of {counts['tried']} mutants rejected{said}"


if __name__ == "__main__":
    place = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2]
    main(place, sys.argv[2:] or sorted({exercise.lab for exercise in REGISTRY.values()}))
