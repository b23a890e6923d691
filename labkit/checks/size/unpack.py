"""The exercise `size.unpack`: the tensor that a bit mask and its values stand for.

Its text promises each value of a byte, any shape, three dtypes, finite values of all sizes, which
come back to the last bit; the zeros between them may have either sign.
"""

import math
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case
from labkit.checks.size.bits import (
    every_byte,
    half_zeros,
    packed_form,
    reversed_axes,
    rounded,
    smallest,
)

if TYPE_CHECKING:
    from torch import Tensor


def _placed(
    bits: "Tensor",
    values: "Tensor",
    shape: tuple[int, ...],
    most_first: bool = False,
    inverted: bool = False,
) -> "Tensor":
    """The dense tensor; each argument after the shape makes it a mistake."""
    import torch

    packed = bits.tolist()
    rest = iter(values.tolist())
    dense = []
    for i in range(math.prod(shape)):
        bit = packed[i // 8] >> (7 - i % 8 if most_first else i % 8) & 1
        dense.append(next(rest) if bit != inverted else 0.0)
    return torch.tensor(dense, dtype=values.dtype).reshape(shape)


def _front(bits: "Tensor", values: "Tensor", shape: tuple[int, ...]) -> "Tensor":
    import torch

    dense = torch.zeros(math.prod(shape), dtype=values.dtype)
    dense[: len(values)] = values
    return dense.reshape(shape)


def _by_column(bits: "Tensor", values: "Tensor", shape: tuple[int, ...]) -> "Tensor":
    return reversed_axes(_placed(bits, values, tuple(reversed(shape))))


def _by_place(bits: "Tensor", values: "Tensor", shape: tuple[int, ...]) -> "Tensor":
    """Takes value i for weight i, as if the zeros had been stored."""
    import torch

    mask = _placed(bits, torch.ones(len(values)), shape).flatten() != 0
    dense = torch.zeros(len(mask), dtype=values.dtype)
    count = min(len(values), len(mask))
    dense[:count] = values[:count]
    return (dense * mask).reshape(shape)


_MISTAKES = (
    Mistake(
        "most significant bit first",
        "bit 0 of a byte, worth 1, is the first of its eight weights",
        lambda bits, values, shape: _placed(bits, values, shape, most_first=True),
    ),
    Mistake(
        "mask inverted",
        "a value goes where the bit is 1",
        lambda bits, values, shape: _placed(bits, values, shape, inverted=True),
    ),
    Mistake(
        "values at the front",
        "the bits say where each value goes: they do not all stand at the beginning",
        _front,
    ),
    Mistake(
        "value i for weight i",
        "the values hold no zeros: the next value goes to the next bit that is 1",
        _by_place,
    ),
    Mistake(
        "column by column",
        "the flat order goes row by row",
        _by_column,
    ),
    Mistake(
        "not reshaped",
        "the answer has the shape that was asked for",
        lambda bits, values, shape: _placed(bits, values, (math.prod(shape),)),
    ),
    Mistake(
        "always float32",
        "the answer has the dtype of the values",
        lambda bits, values, shape: _placed(bits, values, shape).float(),
        error="source and destination dtypes match",
    ),
    *(
        Mistake(
            "digits lost",
            "the values come back to the last bit: copy them, without another dtype on the way",
            lambda bits, values, shape, through=through: _placed(
                bits, rounded(values, through), shape
            ),
        )
        for through in ("float16", "bfloat16")
    ),
    Mistake(
        "mask and values do not fit",
        "the mask has one entry for each weight of `shape`, and one True for each value; it is "
        "boolean, as numbers 0 and 1 pick weights 0 and 1",
        error="cannot be broadcast to indexing result",
    ),
    *(
        Mistake(
            "more bits than weights",
            "the last byte may have bits past the last weight: cut them off",
            error=error,
        )
        for error in ("is invalid for input of size", "does not match the shape of the indexed")
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `unpack(bits, values, shape)`."""
    import torch

    def one(weight: "Tensor", note: str = "") -> Case:
        bits, values = packed_form(weight)
        return Case((bits, values, tuple(weight.shape)), weight, note, rtol=0, atol=0)

    def drawn(*shape: int) -> "Tensor":
        return half_zeros(draw, *shape)

    def strided(tensor: "Tensor") -> "Tensor":
        return torch.stack([tensor, torch.zeros_like(tensor)], dim=1)[:, 0]

    weight = drawn(5, 7)
    bits, values = packed_form(weight)
    return {
        "whole bytes": [
            one(drawn(4, 6)),
            one(drawn(2, 4, 4)),
            one(drawn(8, 5)),
            one(every_byte(draw), "each value of a byte"),
        ],
        "a partial last byte": [
            one(drawn(3, 5)),
            one(drawn(2, 3, 3)),
            one(drawn(3, draw.choice((7, 9, 11)))),
            one(drawn(7, 301), "more than 256 bytes"),
        ],
        "extremes": [
            one(torch.zeros(0), "empty"),
            one(torch.zeros(3, 0), "empty"),
            one(torch.zeros(3, 5), "all zero"),
            one(torch.full((2, 8), -0.5), "all kept"),
            one(torch.tensor([-2.0]), "one weight"),
            one(torch.tensor([[0.0]]), "one weight"),
            one(torch.tensor(-1.5), "no dimensions"),
            one(drawn(19), "one dimension"),
        ],
        "strides and dtypes": [
            one(drawn(4, 6).half()),
            one(drawn(5, 5).bfloat16()),
            one(torch.zeros(2, 3).half(), "all zero, float16"),
            *(
                one(smallest(kind), "smallest and largest")
                for kind in (torch.float32, torch.float16, torch.bfloat16)
            ),
            Case((strided(bits), strided(values), (5, 7)), weight, "not contiguous"),
        ],
    }


TASK = Exercise(
    id="size.unpack",
    title="Back from the bits",
    function="unpack",
    objective="Rebuild a tensor from its bit mask and its kept values, without a loss.",
    cases=_cases,
    mistakes=_MISTAKES,
    points=4,
    minutes=15,
    difficulty=2,
)
