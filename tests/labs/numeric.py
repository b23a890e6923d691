"""Mutations of a solution's numbers and containers: types, tolerances, strides, order, memory."""

import ast
from collections.abc import Iterator

CASTS = ("half", "bfloat16", "float")
"""Methods put behind each expression that may be a tensor; the last where float64 stands in it."""

IN_PLACE = {"abs", "double", "masked_fill", "square", "clamp", "cumsum", "sub", "mul", "div"}
"""Methods that also come with an underscore."""

FLATTENING = {"flatten", "reshape"}


def mark_sizes(tree: ast.AST) -> None:
    """Mark the expressions of which only the size is asked: no type of number changes that."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in ("numel", "shape", "device", "dtype"):
            node.value.only_size = True
        elif isinstance(node, ast.Call) and _counts(node):
            node.only_size = True
            for argument in node.args:
                argument.only_size = True


def _counts(node: ast.AST) -> bool:
    function = getattr(node, "func", None)
    return getattr(function, "attr", getattr(function, "id", "")) in ("numel", "len", "item")


def numeric(node: ast.AST) -> Iterator[ast.AST]:
    """What may stand in the place of one expression."""
    if isinstance(node, ast.Compare) and len(node.ops) == 1 and not _counts(node.left):
        yield from _tolerant(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        yield from _methods(node)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "round":
        yield _call("int", ast.BinOp(node.args[0], ast.Add(), ast.Constant(1e-6)))
        single = ast.parse("torch.tensor(0.0)", mode="eval").body
        single.args = [node.args[0]]
        yield _call("int", _method(single, "round"))
    if isinstance(node, ast.Set):
        yield ast.List(node.elts, ast.Load())
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "id":
        yield _method(node.args[0], "data_ptr")
    if (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and (node.func.id == "isinstance")
    ):
        kinds = node.args[1]
        kinds = kinds if isinstance(kinds, ast.Tuple) else ast.Tuple([kinds], ast.Load())
        yield ast.Compare(_call("type", node.args[0]), [ast.In()], [kinds])
    loaded = isinstance(getattr(node, "ctx", ast.Load()), ast.Load)
    value = isinstance(node, ast.BinOp | ast.Call | ast.Name | ast.Subscript)
    if value and loaded and not hasattr(node, "only_size"):
        double = "double" in (text := ast.unparse(node)) or "float64" in text
        for name in CASTS if double else CASTS[:2]:
            yield _method(node, name)


def _tolerant(node: ast.Compare) -> Iterator[ast.AST]:
    """A comparison with a tolerance, absolute and far smaller than a usual weight."""
    left, op, right = node.left, node.ops[0], node.comparators[0]
    for size in (1e-8, 1e-30):
        if isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            yield ast.Compare(ast.BinOp(left, ast.Add(), ast.Constant(size)), [op], [right])
        elif isinstance(op, ast.Eq | ast.NotEq):
            gap = _call("abs", ast.BinOp(left, ast.Sub(), right))
            order = ast.Lt() if isinstance(op, ast.Eq) else ast.Gt()
            yield ast.Compare(gap, [order], [ast.Constant(size)])


def _methods(node: ast.Call) -> Iterator[ast.AST]:
    name = node.func.attr
    if name in IN_PLACE:
        yield ast.Call(ast.Attribute(node.func.value, name + "_", ast.Load()), node.args, [])
    if name in FLATTENING:
        arguments = node.args or [ast.Constant(-1)]
        yield ast.Call(ast.Attribute(node.func.value, "view", ast.Load()), arguments, [])
    if name == "double":
        for other in ("half", "bfloat16", "float"):
            yield ast.Call(ast.Attribute(node.func.value, other, ast.Load()), [], [])
    if name == "sum":
        for kind in ("float16", "bfloat16", "uint8", "int16"):
            dtype = ast.parse(f"torch.{kind}", mode="eval").body
            rest = [key for key in node.keywords if key.arg != "dtype"]
            yield ast.Call(node.func, node.args, [*rest, ast.keyword("dtype", dtype)])


def _method(value: ast.AST, name: str) -> ast.Call:
    return ast.Call(ast.Attribute(value, name, ast.Load()), [], [])


def _call(name: str, value: ast.AST) -> ast.Call:
    return ast.Call(ast.Name(name, ast.Load()), [value], [])
