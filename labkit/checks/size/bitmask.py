"""The exercise `size.bitmask`: one bit per weight, and the weights that are not zero."""

import random
from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.checks.exercise import Exercise, Verdict
from labkit.checks.judging import Case, Mistake, judge
from labkit.checks.trial import Trial

if TYPE_CHECKING:
    from torch import Tensor

_ID = "size.bitmask"
_SECTION = f"book/04-size-and-runtime.md#{_ID}"

Packed = tuple["Tensor", "Tensor"]


def _bytes(kept: list[bool], most_first: bool = False, padding: bool = False) -> "Tensor":
    """Eight flags a byte; those missing in the last byte are `padding`."""
    import torch

    kept = kept + [padding] * (-len(kept) % 8)
    numbers = []
    for start in range(0, len(kept), 8):
        byte = kept[start : start + 8]
        byte = byte[::-1] if most_first else byte
        numbers.append(sum(2**i for i, flag in enumerate(byte) if flag))
    return torch.tensor(numbers, dtype=torch.uint8)


def _pack(
    weight: "Tensor", keeps: Callable[["Tensor"], "Tensor"] | None = None, **how: bool
) -> Packed:
    """The packed weight; `keeps` tells from the flat weight which entries are kept."""
    flat = weight.reshape(-1)
    kept = keeps(flat) if keeps else flat != 0
    return _bytes(kept.tolist(), **how), flat[kept]


def _one_byte_each(weight: "Tensor") -> Packed:
    import torch

    return (weight.reshape(-1) != 0).to(torch.uint8), _pack(weight)[1]


def _partial_dropped(weight: "Tensor") -> Packed:
    bits, values = _pack(weight)
    return bits[: weight.numel() // 8], values


def _inverted(weight: "Tensor", padding: bool) -> Packed:
    return _bytes((weight.reshape(-1) == 0).tolist(), padding=padding), _pack(weight)[1]


def _columns(weight: "Tensor") -> Packed:
    return _pack(weight.permute(*reversed(range(weight.ndim))))


_MISTAKES = (
    Mistake(
        "most significant bit first",
        "the first weight of a byte has the bit of value 1, the last the bit of value 128",
        lambda weight: _pack(weight, most_first=True),
    ),
    Mistake(
        "one byte per weight",
        "a byte holds the flags of eight weights; a byte for each costs eight times as much",
        _one_byte_each,
    ),
    Mistake(
        "last partial byte dropped",
        "n weights need n / 8 bytes rounded up, or the flags of the last ones are lost",
        _partial_dropped,
    ),
    Mistake(
        "mask inverted",
        "a bit is 1 where the weight is not zero",
        lambda weight: _inverted(weight, False),
    ),
    Mistake(
        "mask inverted",
        "a bit is 1 where the weight is not zero, and the bits left over are 0",
        lambda weight: _inverted(weight, True),
    ),
    Mistake("column order", "the flat order goes row by row", _columns),
    Mistake(
        "zeros among the values",
        "the bits say where the zeros stand; the values hold the other weights only",
        lambda weight: (_pack(weight)[0], weight.reshape(-1)),
    ),
    Mistake(
        "values in float32",
        "the values keep the dtype of the weight, or the format grows",
        lambda weight: (_pack(weight)[0], _pack(weight)[1].float()),
    ),
    Mistake(
        "negative weights taken for zero",
        "what is not zero is kept, with either sign",
        lambda weight: _pack(weight, lambda flat: flat > 0),
    ),
    Mistake(
        "small weights taken for zero",
        "the format loses nothing: only exact zeros are left out",
        lambda weight: _pack(weight, lambda flat: flat.abs() > 1e-6),
    ),
    Mistake(
        "minus zero kept",
        "-0.0 equals 0.0, so it counts as a zero",
        lambda weight: _pack(weight, lambda flat: (flat != 0) | flat.signbit()),
    ),
)


def _check(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `pack(weight)`."""
    import torch

    draw = random.Random(f"{_ID} {seed}")

    def weight(*shape: int, dtype: torch.dtype = torch.float32) -> "Tensor":
        """About half zeros; the others have either sign and are not small."""
        number = torch.Size(shape).numel()
        flat = [draw.choice((-1, 1, 0, 0)) * draw.uniform(0.1, 1) for _ in range(number)]
        # Not the same from both ends, whatever the draw.
        start = [0.0, draw.uniform(0.1, 1), -draw.uniform(0.1, 1), 0.0, 0.0, 0.0, 0.0, -0.5]
        flat = [*start, *flat][:number]
        return torch.tensor(flat, dtype=dtype).reshape(shape)

    def one(weight: "Tensor", note: str = "") -> Case:
        return Case((weight,), _pack(weight), note, rtol=0, atol=0)

    special = weight(3, 5)
    special[0, 0] = special[1, 4] = special[2, 4] = -0.0
    tiny = weight(4, 4)
    tiny[0, 0], tiny[0, 3] = 1e-30, -1e-30
    groups = {
        "bits and values of whole bytes": [
            one(weight(8)),
            one(weight(4, draw.choice((6, 8, 10)))),
            one(weight(2, 3, 4)),
        ],
        "a last byte that is not full": [
            one(weight(draw.randint(3, 7))),
            one(weight(draw.randint(9, 15))),
            one(weight(3, draw.choice((5, 7, 9)))),
        ],
        "any dtype, strides and zero": [
            one(weight(3, 7, dtype=torch.float16)),
            one(weight(5, 4, dtype=torch.bfloat16)),
            one(weight(4, 6).t(), "a transposed weight"),
            one(weight(3, 14)[:, ::2], "every second column"),
            one(special, "some zeros are -0.0"),
            one(tiny, "two weights are 1e-30 in size"),
        ],
        "extremes": [
            one(weight(0), "no weights"),
            one(weight(0, 3, dtype=torch.float16), "no weights"),
            one(torch.tensor(draw.uniform(0.1, 1)), "a single number"),
            one(torch.zeros(1), "one zero"),
            one(torch.zeros(3, 6), "all zero"),
            one(torch.full((2, 9), -draw.uniform(0.1, 1)), "no zero"),
            one(torch.eye(4), "the identity matrix"),
        ],
    }
    return judge(trial, groups, _MISTAKES, _SECTION)


TASK = Exercise(
    id=_ID,
    lab="size",
    title="A weight behind a bit mask",
    objective="Store a sparse weight as one bit per entry and the values that are not zero.",
    section=_SECTION,
    function="pack",
    check=_check,
    forbids=("labkit",),
    points=4,
    minutes=20,
    difficulty=2,
)
