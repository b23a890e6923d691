"""The exercise `size.bitmask`: a bit for each weight.

Its text promises tensors of any shape and strides, three dtypes, values of all sizes (also those
that are zero in another dtype); zeros of either sign.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case
from labkit.checks.size.bits import (
    every_byte,
    flags_of,
    half_zeros,
    packed_form,
    reversed_axes,
    rounded,
    smallest,
    to_bytes,
    values_of,
    without_tiny,
)

if TYPE_CHECKING:
    from torch import Tensor


def _byte_each(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    import torch

    return torch.tensor(flags_of(weight), dtype=torch.uint8), values_of(weight)


def _one_byte_more(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    """Adds a byte also where the last one is full."""
    flags = flags_of(weight)
    return to_bytes(flags + [False] * (8 - len(flags) % 8)), values_of(weight)


def _filled_in_front(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    flags = flags_of(weight)
    return to_bytes([False] * (-len(flags) % 8) + flags), values_of(weight)


def _whole_bytes(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    bits, values = packed_form(weight)
    return bits[: weight.numel() // 8], values


_MISTAKES = (
    Mistake(
        "most significant bit first",
        "the first of eight weights is bit 0, which is worth 1; the eighth is worth 128",
        lambda weight: (to_bytes(flags_of(weight), most_first=True), values_of(weight)),
    ),
    Mistake(
        "one byte per weight",
        "a uint8 holds eight bits: store eight weights in each",
        _byte_each,
    ),
    Mistake(
        "the last byte dropped",
        "where n is no multiple of 8 the last byte is partly used; there are ceil(n / 8) bytes",
        _whole_bytes,
    ),
    Mistake(
        "one byte too many",
        "there are ceil(n / 8) bytes: where n is a multiple of 8 the last one is full",
        _one_byte_more,
    ),
    Mistake(
        "filled in front",
        "the bits without a weight come last, after that of the last weight",
        _filled_in_front,
    ),
    Mistake(
        "not filled up",
        "where n is no multiple of 8, add zeros until there are 8 * ceil(n / 8) flags",
        error="is invalid for input of size",
    ),
    Mistake(
        "mask inverted",
        "a bit is 1 where a weight is kept, not where it is zero",
        lambda weight: (to_bytes([not flag for flag in flags_of(weight)]), values_of(weight)),
    ),
    Mistake(
        "column by column",
        "the flat order goes row by row, whatever the strides",
        lambda weight: packed_form(reversed_axes(weight)),
    ),
    Mistake(
        "all values stored",
        "the zeros are what the format saves: store the kept values only",
        lambda weight: (to_bytes(flags_of(weight)), weight.flatten()),
    ),
    *(
        Mistake(
            "tiny weights taken for zero",
            "a weight is kept however small it is: compare with 0, exactly",
            answer,
        )
        for answer in (
            lambda weight: packed_form(without_tiny(weight, 1e-8)),
            lambda weight: packed_form(without_tiny(weight, 1e-12)),
            lambda weight: packed_form(without_tiny(weight, squared=True)),
        )
    ),
    *(
        Mistake(
            "digits lost",
            "the values are stored with the dtype and all digits of the weight",
            lambda weight, through=through: (
                to_bytes(flags_of(weight)),
                rounded(values_of(weight), through),
            ),
        )
        for through in ("float16", "bfloat16")
    ),
    Mistake(
        "positive weights only",
        "a negative weight is not zero: compare with !=",
        lambda weight: packed_form(weight.clamp(min=0)),
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `pack(weight)`."""
    import torch

    def one(weight: "Tensor", note: str = "") -> Case:
        return Case((weight,), packed_form(weight), note, rtol=0, atol=0)

    def drawn(*shape: int) -> "Tensor":
        return half_zeros(draw, *shape)

    negative_zeros = drawn(4, 4)
    negative_zeros[negative_zeros == 0] = -0.0
    return {
        "whole bytes": [
            one(drawn(8)),
            one(drawn(4, 6)),
            one(drawn(2, 4, 4)),
            one(drawn(32)),
            one(every_byte(draw), "each value of a byte"),
        ],
        "a partial last byte": [
            one(drawn(9)),
            one(drawn(3, 5)),
            one(drawn(draw.randint(2, 4), 3, 3)[:1]),
            one(drawn(draw.randrange(17, 24))),
            one(drawn(7, 301), "more than 256 bytes"),
        ],
        "extremes": [
            one(torch.zeros(0), "empty"),
            one(torch.zeros(3, 0), "empty"),
            one(torch.zeros(3, 5), "all zero"),
            one(torch.full((2, 8), -0.5), "all kept"),
            one(torch.tensor([-2.0]), "one weight"),
            one(torch.tensor([0.0]), "one weight"),
            one(negative_zeros, "-0.0 among the weights"),
        ],
        "strides and dtypes": [
            one(drawn(5, 6).t(), "transposed"),
            one(drawn(4, 10)[:, ::2], "every second column of a matrix"),
            one(drawn(4, 6).half()),
            one(drawn(5, 5).bfloat16()),
            one(drawn(3, 4, 5).permute(2, 0, 1), "three dimensions, permuted"),
            *(
                one(smallest(kind), "smallest and largest")
                for kind in (torch.float32, torch.float16, torch.bfloat16)
            ),
            one(torch.zeros(2, 3).bfloat16(), "all zero, bfloat16"),
        ],
    }


TASK = Exercise(
    id="size.bitmask",
    title="A bit for each weight",
    function="pack",
    objective="Store a sparse tensor as a mask of one bit for each weight and the kept values.",
    cases=_cases,
    mistakes=_MISTAKES,
    points=5,
    minutes=20,
    difficulty=2,
)
