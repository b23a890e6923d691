"""The exercises `size.bitmask` and `size.unpack`: a bit for each weight, and back."""

import math
import random
from typing import TYPE_CHECKING

from labkit.checks.exercise import Exercise, Verdict
from labkit.checks.judging import Case, Mistake, judge
from labkit.checks.trial import Trial

if TYPE_CHECKING:
    from torch import Tensor

_PACK, _UNPACK = "size.bitmask", "size.unpack"


def _section(id: str) -> str:
    return f"book/04-size-and-runtime.md#{id}"


def _bytes(flags: list[bool], most_first: bool = False) -> "Tensor":
    """One bit for each flag; the last byte is filled up with zeros."""
    import torch

    packed = [0] * math.ceil(len(flags) / 8)
    for i, flag in enumerate(flags):
        packed[i // 8] += int(flag) << (7 - i % 8 if most_first else i % 8)
    return torch.tensor(packed, dtype=torch.uint8)


def _flags(weight: "Tensor") -> list[bool]:
    return [w != 0 for w in weight.double().flatten().tolist()]


def _values(weight: "Tensor") -> "Tensor":
    import torch

    kept = [w for w in weight.double().flatten().tolist() if w != 0]
    return torch.tensor(kept, dtype=weight.dtype)


def _packed(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    return _bytes(_flags(weight)), _values(weight)


def _reversed_axes(weight: "Tensor") -> "Tensor":
    return weight.permute(*reversed(range(weight.ndim)))


def _byte_each(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    import torch

    return torch.tensor(_flags(weight), dtype=torch.uint8), _values(weight)


def _one_byte_more(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    """Adds a byte also where the last one is full."""
    flags = _flags(weight)
    return _bytes(flags + [False] * (8 - len(flags) % 8)), _values(weight)


def _filled_in_front(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    flags = _flags(weight)
    return _bytes([False] * (-len(flags) % 8) + flags), _values(weight)


def _whole_bytes(weight: "Tensor") -> "tuple[Tensor, Tensor]":
    bits, values = _packed(weight)
    return bits[: weight.numel() // 8], values


_PACK_MISTAKES = (
    Mistake(
        "most significant bit first",
        "the first of eight weights is bit 0, which is worth 1; the eighth is worth 128",
        lambda weight: (_bytes(_flags(weight), most_first=True), _values(weight)),
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
        lambda weight: (_bytes([not flag for flag in _flags(weight)]), _values(weight)),
    ),
    Mistake(
        "column by column",
        "the flat order goes row by row, whatever the strides",
        lambda weight: _packed(_reversed_axes(weight)),
    ),
    Mistake(
        "all values stored",
        "the zeros are what the format saves: store the kept values only",
        lambda weight: (_bytes(_flags(weight)), weight.flatten()),
    ),
    Mistake(
        "positive weights only",
        "a negative weight is not zero: compare with !=",
        lambda weight: _packed(weight.clamp(min=0)),
    ),
)


def _drawn(draw: random.Random, *shape: int) -> "Tensor":
    """About half zeros; the first ones tell the orders, the signs and the bits apart."""
    import torch

    count = math.prod(shape)
    values = [draw.choice((0.0, draw.randint(-40, 40) / 8)) for _ in range(count)]
    first = [
        -float(draw.randint(1, 9)),
        float(draw.randint(10, 19)),
        0.0,
        0.0,
        -7.5,
        6.25,
        0.0,
        0.0,
    ]
    values[: len(first)] = first[:count]
    # The last weight is kept: a byte that is dropped shows.
    values[-1] = 8.5
    return torch.tensor(values, dtype=torch.float32).reshape(shape)


def _check_pack(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `pack(weight)`."""
    import torch

    draw = random.Random(f"{_PACK} {seed}")

    def one(weight: "Tensor", note: str = "") -> Case:
        return Case((weight,), _packed(weight), note, rtol=0, atol=0)

    def drawn(*shape: int) -> "Tensor":
        return _drawn(draw, *shape)

    negative_zeros = drawn(4, 4)
    negative_zeros[negative_zeros == 0] = -0.0
    groups = {
        "whole bytes": [one(drawn(8)), one(drawn(4, 6)), one(drawn(2, 4, 4)), one(drawn(32))],
        "a partial last byte": [
            one(drawn(9)),
            one(drawn(3, 5)),
            one(drawn(draw.randint(2, 4), 3, 3)[:1]),
            one(drawn(draw.randrange(17, 24))),
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
            one(torch.tensor([1e-7, 0.0, -6e-8]).half(), "tiny weights"),
            one(torch.zeros(2, 3).bfloat16(), "all zero, bfloat16"),
        ],
    }
    return judge(trial, groups, _PACK_MISTAKES, _section(_PACK))


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
    return _reversed_axes(_placed(bits, values, tuple(reversed(shape))))


def _by_place(bits: "Tensor", values: "Tensor", shape: tuple[int, ...]) -> "Tensor":
    """Takes value i for weight i, as if the zeros had been stored."""
    import torch

    mask = _placed(bits, torch.ones(len(values)), shape).flatten() != 0
    dense = torch.zeros(len(mask), dtype=values.dtype)
    count = min(len(values), len(mask))
    dense[:count] = values[:count]
    return (dense * mask).reshape(shape)


_UNPACK_MISTAKES = (
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
    Mistake(
        "mask and values do not fit",
        "a mask is boolean and has one True for each value; numbers 0 and 1 pick weights 0 and 1",
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


def _check_unpack(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `unpack(bits, values, shape)`."""
    import torch

    draw = random.Random(f"{_UNPACK} {seed}")

    def one(weight: "Tensor", note: str = "") -> Case:
        bits, values = _packed(weight)
        return Case((bits, values, tuple(weight.shape)), weight, note, rtol=0, atol=0)

    def drawn(*shape: int) -> "Tensor":
        return _drawn(draw, *shape)

    def strided(tensor: "Tensor") -> "Tensor":
        return torch.stack([tensor, torch.zeros_like(tensor)], dim=1)[:, 0]

    weight = drawn(5, 7)
    bits, values = _packed(weight)
    groups = {
        "whole bytes": [one(drawn(4, 6)), one(drawn(2, 4, 4)), one(drawn(8, 5))],
        "a partial last byte": [
            one(drawn(3, 5)),
            one(drawn(2, 3, 3)),
            one(drawn(3, draw.choice((7, 9, 11)))),
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
            Case((strided(bits), strided(values), (5, 7)), weight, "not contiguous"),
        ],
    }
    return judge(trial, groups, _UNPACK_MISTAKES, _section(_UNPACK))


PACK = Exercise(
    id=_PACK,
    lab="size",
    title="A bit for each weight",
    function="pack",
    objective="Store a sparse tensor as a mask of one bit for each weight and the kept values.",
    section=_section(_PACK),
    check=_check_pack,
    points=5,
    minutes=20,
    difficulty=2,
)

UNPACK = Exercise(
    id=_UNPACK,
    lab="size",
    title="Back from the bits",
    function="unpack",
    objective="Rebuild a tensor from its bit mask and its kept values, without a loss.",
    section=_section(_UNPACK),
    check=_check_unpack,
    points=4,
    minutes=15,
    difficulty=2,
)
