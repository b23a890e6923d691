"""Which layers a sparse one may stand for: those whose weight nobody else reads.

Some modules multiply by the weight of a layer themselves: `nn.MultiheadAttention` by that of its
output projection, Mamba's mixer by `self.dt_proj.weight`.  A sparse layer there would raise, or
never be asked.  So the source of the modules around a layer is searched for such reads; where there
is no source, the layer is taken to be read.
"""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache

import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

_HARMLESS = {"dtype", "device", "shape", "data", "requires_grad", "ndim", "is_meta"}
"""Attributes of a weight that a sparse layer's has too; `data` is used to set it up."""

_SET_UP = {"__init__", "_init_weights", "init_weights", "reset_parameters", "_reset_parameters"}


def replaceable(model: nn.Module, name: str) -> bool:
    """Whether a sparse layer may take the place of the linear layer `name` of `model`.

    It must compute what `nn.Linear` or `Conv1D` computes, have no hooks or `forward` of its own
    that would be lost, and have its weight read by nothing around it.
    """
    layer = model.get_submodule(name)
    if not _plain(layer) or _hooked(layer):
        return False
    own = name.rpartition(".")[2]
    around, path = [model], name.split(".")[:-1]
    for part in path:
        around.append(around[-1].get_submodule(part))
    files = {kind.__module__ for module in around for kind in _kinds(module)}
    return not any(own in (read := _read(file)) or "*" in read for file in files)


def _plain(layer: nn.Module) -> bool:
    """Whether the layer multiplies as its base class does: a subclass is tried on numbers."""
    if type(layer) in (nn.Linear, Conv1D):
        return True
    weight = layer.weight.detach()
    if weight.dim() != 2 or weight.is_meta:
        return False
    matrix = weight.t() if isinstance(layer, Conv1D) else weight
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(2, 3, matrix.shape[1], generator=generator)
    try:
        with torch.no_grad():
            found = layer(x)
            expected = nn.functional.linear(x, matrix, layer.bias)
    except Exception:  # it takes other inputs: no linear layer, whatever it is called
        return False
    return (
        isinstance(found, torch.Tensor)
        and found.shape == expected.shape
        and torch.allclose(found, expected, rtol=1e-4, atol=1e-5)
    )


def _hooked(layer: nn.Module) -> bool:
    return "forward" in layer.__dict__ or any(
        getattr(layer, hooks, None)
        for hooks in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks")
    )


def _kinds(module: nn.Module) -> list[type]:
    """The classes whose code may read the module's layers: its own and those it inherits from."""
    return [kind for kind in type(module).__mro__ if kind not in (nn.Module, object)]


@cache
def _read(file: str) -> frozenset[str]:
    """Names of attributes whose `.weight` the code of a module (by its name) takes as a tensor.

    "*" stands for any: `self.layers[i].weight`, or no source to look at.
    """
    try:
        tree = ast.parse(inspect.getsource(sys.modules[file]))
    except (OSError, KeyError, TypeError, SyntaxError):
        return frozenset("*")
    # In libraries such names are embeddings that are resized; in other code they may be anything.
    search = _Reads(strict=not file.startswith(("transformers.", "torch.")))
    search.visit(tree)
    return frozenset(search.names)


class _Reads(ast.NodeVisitor):
    """Collects the NAME of each `X.NAME.weight` that is used as a tensor, outside of set-up.

    `strict` takes `layer.weight`, `layers[i].weight` and `getattr(layer, "weight")` for reads of
    any layer.
    """

    def __init__(self, strict: bool) -> None:
        self.names: set[str] = set()
        self.strict = strict

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        if node.name not in _SET_UP:
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        if called == "getattr" and any(ast.unparse(a) == "'weight'" for a in node.args):
            self._found("*")
        if called not in ("isinstance", "hasattr"):
            self.generic_visit(node)

    def visit_Attribute(self, node: ast.Attribute) -> None:
        read = node.attr == "weight" and isinstance(node.ctx, ast.Load)
        own = isinstance(node.value, ast.Name) and node.value.id in ("self", "nn", "torch")
        if node.attr in _HARMLESS and getattr(node.value, "attr", "") == "weight":
            return
        if read and isinstance(node.value, ast.Attribute):
            self._found(node.value.attr)
        elif read and not own:
            self._found("*")
        self.generic_visit(node)

    def _found(self, name: str) -> None:
        if name != "*" or self.strict:
            self.names.add(name)
