"""The exercise `size.bytes`: what a dense file stores of a model.

Its text promises any module with saved tensors of any shape, strides and real dtype: frozen ones,
several parameters on one memory (tied only where they begin at the same address, in whatever
shape), values too small for another dtype.
"""

import math
from collections.abc import Callable, Iterable
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor, nn


Counts = tuple[int, int, int]


def _nonzeros(tensor: "Tensor") -> int:
    return sum(number != 0 for number in tensor.flatten().tolist())


def _counts(
    tensors: Iterable["Tensor"],
    size: Callable[["Tensor"], int] = lambda tensor: tensor.numel() * tensor.itemsize,
    numbers: Callable[["Tensor"], int] = lambda tensor: tensor.numel(),
    nonzeros: Callable[["Tensor"], int] = _nonzeros,
) -> Counts:
    """Bytes, numbers and non-zeros; each argument after the tensors makes it a mistake."""
    tensors = list(tensors)
    return sum(map(size, tensors)), sum(map(numbers, tensors)), sum(map(nonzeros, tensors))


def _once(model: "nn.Module", key: Callable[["Tensor"], object]) -> Iterable["Tensor"]:
    return {key(tensor): tensor for tensor in model.state_dict().values()}.values()


def _saved(model: "nn.Module") -> Iterable["Tensor"]:
    """The tensors that a file holds, tied ones once."""
    return _once(model, lambda tensor: tensor.data_ptr())


def _as_held(model: "nn.Module") -> Iterable["Tensor"]:
    """What is saved, each as the parameter or buffer that it is."""
    return model.state_dict(keep_vars=True).values()


def _only(model: "nn.Module", which: Callable[["Tensor"], bool]) -> Counts:
    return _counts(filter(which, _saved(model)))


def _nonzero_bits(tensor: "Tensor") -> int:
    """Counts the numbers of which any bit is set: -0.0 has one, its sign."""
    import torch

    flat = tensor.contiguous().flatten()
    return int(flat.view(torch.uint8).reshape(len(flat), -1).any(1).sum()) if len(flat) else 0


_MISTAKES = (
    Mistake(
        "zeros take no bytes",
        "a dense file stores a zero like any other number: count the bytes of all of them",
        lambda model: _counts(_saved(model), size=lambda t: _nonzeros(t) * t.itemsize),
    ),
    *(
        Mistake(
            "tied tensors counted twice",
            "names that share their memory are stored once; state_dict() gives a new object for "
            "each name, so compare where the memory begins, data_ptr()",
            answer,
        )
        for answer in (
            lambda model: _counts(model.state_dict().values()),
            # torch tells tied parameters by the object.
            lambda model: _counts({id(t): t for t in _as_held(model)}.values()),
            lambda model: _counts(_once(model, lambda t: (t.data_ptr(), t.shape))),
        )
    ),
    Mistake(
        "one memory for one tensor",
        "parts of one memory that begin at different addresses are tensors of their own",
        lambda model: _counts(_once(model, lambda t: t.untyped_storage().data_ptr())),
    ),
    Mistake(
        "all of the memory counted",
        "a tensor may be a part of a larger memory: count its own numbers",
        lambda model: _counts(_saved(model), size=lambda t: t.untyped_storage().nbytes()),
    ),
    Mistake(
        "equal for tied",
        "two tensors with the same numbers, each in a memory of its own, are stored twice",
        lambda model: _counts(_once(model, lambda t: (t.dtype, str(t.tolist())))),
    ),
    Mistake(
        "four bytes for each number",
        "how many bytes a number takes is up to its dtype: itemsize",
        lambda model: _counts(_saved(model), size=lambda t: 4 * t.numel()),
    ),
    Mistake(
        "bits for bytes",
        "a byte has eight bits, and a float32 four bytes",
        lambda model: _counts(_saved(model), size=lambda t: 8 * t.numel() * t.itemsize),
    ),
    Mistake(
        "-0.0 for a weight",
        "-0.0 is a zero, although its sign bit is set: compare with 0",
        lambda model: _counts(_saved(model), nonzeros=_nonzero_bits),
    ),
    Mistake(
        "positive weights only",
        "a negative weight is not zero: compare with !=",
        lambda model: _counts(_saved(model), nonzeros=lambda t: int((t > 0).sum())),
    ),
    Mistake(
        "zeros counted",
        "the third number is how many are not zero",
        lambda model: _counts(_saved(model), nonzeros=lambda t: t.numel() - _nonzeros(t)),
    ),
    Mistake(
        "buffers left out",
        "a model saves its buffers too: take state_dict(), not parameters()",
        lambda model: _counts(model.parameters()),
    ),
    Mistake(
        "what is not saved counted",
        "a buffer that is not persistent is rebuilt, not saved: take state_dict(), not buffers()",
        lambda model: _counts([*model.parameters(), *model.buffers()]),
    ),
    Mistake(
        "matrices only",
        "biases, norms and counters are in the file as well",
        lambda model: _only(model, lambda tensor: tensor.ndim >= 2),
    ),
    Mistake(
        "floats only",
        "a model may hold whole numbers and flags too, and the file stores them",
        lambda model: _only(model, lambda tensor: tensor.is_floating_point()),
    ),
    Mistake(
        "rows for numbers",
        "len() of a tensor is its number of rows; numel() counts the numbers",
        lambda model: _counts(_saved(model), size=lambda t: len(t) * t.itemsize, numbers=len),
        error="len() of a 0-d tensor",
    ),
)


def _model(buffers: "dict[str, Tensor] | None" = None, **parameters: "Tensor") -> "nn.Module":
    """A module that holds these tensors; a buffer whose name begins with `_` is not saved."""
    from torch import nn

    model = nn.Module()
    for name, tensor in parameters.items():
        parameter = tensor if isinstance(tensor, nn.Parameter) else nn.Parameter(tensor)
        model.register_parameter(name, parameter)
    for name, tensor in (buffers or {}).items():
        model.register_buffer(name, tensor, persistent=not name.startswith("_"))
    return model


def _of_one_memory(memory: "Tensor", **shapes: tuple[int, tuple[int, ...]]) -> "nn.Module":
    """Parameters of these shapes, each behind its first entry in one memory; `_` in front: buffer.

    A square matrix whose name ends in `_t` is transposed.
    """
    from labkit.checks.lent.shared import Shared

    views = {}
    for name, (first, size) in shapes.items():
        strides = tuple(math.prod(size[at + 1 :]) for at in range(len(size)))
        strides = strides[::-1] if name.endswith("_t") else strides
        views[name.lstrip("_")] = (0, size, strides, first, name.startswith("_"))
    return Shared([memory], views)


def _frozen() -> "nn.Module":
    """Layers of torch: a batch norm has buffers and a counter, and some are not trained."""
    import torch
    from torch import nn

    with torch.random.fork_rng(devices=[]):
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Linear(4, 2, bias=False))
    model[0].requires_grad_(False)
    model[1].num_batches_tracked += 7
    return model


def _models(draw: Random) -> "dict[str, list[tuple[nn.Module, str]]]":
    """Models by property, each with a word on what is special about it."""
    import torch

    def drawn(*shape: int) -> "Tensor":
        """About half zeros; some weights of either sign are there at any seed."""
        count = torch.Size(shape).numel()
        values = [draw.choice((0.0, draw.randint(-40, 40) / 8)) for _ in range(count)]
        values[:4] = [-1.5, 0.0, 2.5, -3.5][:count]
        return torch.tensor(values).reshape(shape)

    def some() -> int:
        return draw.randint(3, 40)

    table, weight = torch.nn.Parameter(drawn(some(), 5)), drawn(some(), 5)
    signed = {"weight": drawn(some(), 4), "bias": drawn(some())}
    for tensor in signed.values():
        tensor[tensor == 0] = -0.0
    tiny = torch.tensor([6e-8, 0.0, -6e-8] * some()).half()
    tiniest = {
        "weight": torch.tensor([5e-324, 0.0, -1e-300] * some(), dtype=torch.float64),
        "bias": torch.tensor([1e-45, -0.0, -1e-40] * some()),
        "scale": torch.tensor([9e-41, 0.0] * some()).bfloat16(),
    }
    # So many that no byte, no int16 and no float16 can count them.
    many = torch.full((2 * draw.randint(240, 280) + 1, 71), draw.uniform(1, 8)).half()
    return {
        "bytes, numbers and non-zeros": [
            (_model(weight=drawn(some(), 4), bias=drawn(some())), ""),
            (_model(first=drawn(4, some()), bias=drawn(4), second=drawn(2, some())), ""),
            (_model(weight=drawn(2, some(), 3)), "three dimensions"),
        ],
        "tied tensors": [
            (_model(table=table, bias=drawn(some()), head=table), "head tied to table"),
            (_model(a=weight, b=weight.clone()), "equal, each in a memory of its own"),
            (
                _of_one_memory(drawn(24), table=(0, (4, 6)), head=(0, (6, 4)), last=(0, (24,))),
                "three parameters on one memory, in other shapes",
            ),
            (
                _of_one_memory(drawn(25), table=(0, (5, 5)), head_t=(0, (5, 5)), _b=(0, (25,))),
                "table, its transpose and a buffer on one memory",
            ),
            (
                _of_one_memory(drawn(36), query=(0, (4, 3)), key=(12, (4, 3)), value=(24, (12,))),
                "three parts of one memory, which begin at different addresses",
            ),
        ],
        "buffers": [
            (_model({"mean": drawn(some())}, weight=drawn(some(), 2)), "mean is a buffer"),
            (_model({"_cache": drawn(some())}, weight=drawn(3, some())), "_cache is not saved"),
            (_frozen(), "a frozen layer and a batch norm"),
        ],
        "negative zeros": [(_model(**signed), "-0.0 among the weights")],
        "dtypes": [
            (_model(weight=drawn(some(), 4).half(), bias=drawn(some())), ""),
            (_model(weight=drawn(3, some()).bfloat16()), ""),
            (_model(weight=drawn(3, some()).double()), ""),
            (_model({"steps": torch.tensor(some())}, weight=drawn(some(), 2)), "a counter"),
            (_model({"mask": drawn(some()) != 0}, weight=drawn(4, 3)), "True and False"),
            (_model({"ids": torch.tensor([0, 2**40, -1], dtype=torch.int64)}), "whole numbers"),
            (_model({"codes": torch.tensor([0, 128, 255], dtype=torch.uint8)}), "bytes"),
        ],
        "strides and extremes": [
            (_model(weight=drawn(5, some()).t()), "transposed"),
            (_model(), "no tensor"),
            (_model(weight=torch.zeros(0, 3), bias=drawn(some())), "an empty tensor"),
            (_model(weight=torch.zeros(some(), 2)), "all zero"),
            (_model(weight=torch.full((some(),), -0.25)), "no zero"),
            (_model(weight=tiny), "tiny weights"),
            (_model(**tiniest), "the smallest numbers that there are"),
            (_model(weight=many), "tens of thousands that are not zero"),
            (_model(weight=drawn(4, some())[:, 1:]), "a part of a larger memory"),
            (_model(weight=torch.tensor([math.nan, 0.0, -math.inf] * some())), "nan and infinity"),
        ],
    }


def _cases(draw: Random) -> Groups:
    """Inputs of `stored(model)`."""

    def one(model: "nn.Module", note: str) -> Case:
        tensors = [*model.named_parameters(remove_duplicate=False), *model.named_buffers()]
        words = [
            f"{name} {str(tensor.dtype).removeprefix('torch.')} {tuple(tensor.shape)}"
            for name, tensor in tensors
        ]
        shown = f"a model of {'; '.join(words) or 'nothing'}"
        return Case((model,), _counts(_saved(model)), note, shown=shown)

    return {name: [one(*entry) for entry in entries] for name, entries in _models(draw).items()}


TASK = Exercise(
    id="size.bytes",
    title="Bytes and non-zeros",
    function="stored",
    objective="Count the bytes that a dense file stores, and how many of its numbers are not zero.",
    cases=_cases,
    mistakes=_MISTAKES,
    points=4,
    minutes=15,
    difficulty=1,
)
