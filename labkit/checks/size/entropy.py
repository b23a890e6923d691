"""The exercise `size.entropy`: the bits that the places of the kept weights need at least.

Its text promises whole numbers from 0 to some billions, more than an int32 holds, of which any
share is kept, one and all but one among them; six digits.
"""

import math
from collections.abc import Callable
from random import Random

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case


def _part(count: int, n: int, log: Callable[[float], float]) -> float:
    """What `count` of `n` weights with the same bit add to the entropy of the whole mask."""
    return count * log(n / count) if count else 0.0


def _log2_of_masks(n: int, kept: int) -> float:
    """The logarithm of the number of masks with exactly `kept` ones."""
    return (math.lgamma(n + 1) - math.lgamma(kept + 1) - math.lgamma(n - kept + 1)) / math.log(2)


def _bits(n: int, kept: int, log: Callable[[float], float] = math.log2) -> float:
    return _part(kept, n, log) + _part(n - kept, n, log)


def _float32(n: int, kept: int, less: bool) -> float:
    """The entropy from shares in float32, which may round to 1; the second one perhaps 1 less p."""
    import torch

    if kept in (0, n):
        return 0.0
    p, rest = torch.tensor([kept / n, (n - kept) / n], dtype=torch.float32)
    return n * float(-sum(share * share.log2() for share in (p, 1 - p if less else rest)))


_MISTAKES = (
    Mistake(
        "nats",
        "bits take the logarithm to base 2: math.log2 and not math.log",
        lambda n, kept: _bits(n, kept, math.log),
    ),
    Mistake(
        "decimal digits",
        "bits take the logarithm to base 2: math.log2 and not math.log10",
        lambda n, kept: _bits(n, kept, math.log10),
    ),
    *(
        Mistake(
            "one term only",
            "the kept weights and the zeros each have a term in the entropy",
            answer,
        )
        for answer in (
            lambda n, kept: _part(kept, n, math.log2),
            lambda n, kept: _part(n - kept, n, math.log2),
        )
    ),
    Mistake(
        "bits for one weight",
        "this is the entropy of one weight's bit; the mask has n of them",
        lambda n, kept: _bits(n, kept) / max(n, 1),
    ),
    Mistake(
        "bytes for bits",
        "a byte has eight bits; the answer is in bits",
        lambda n, kept: _bits(n, kept) / 8,
    ),
    *(
        Mistake(
            "shares in float32",
            "float32 has seven digits, in which 1 less a small share is 1: take Python floats or "
            "float64",
            lambda n, kept, less=less: _float32(n, kept, less),
        )
        for less in (True, False)
    ),
    Mistake(
        "kept weights only",
        "each of the n weights is kept or not: multiply by n, not by the number of kept ones",
        lambda n, kept: _bits(n, kept) * kept / max(n, 1),
    ),
    Mistake(
        "values included",
        "the values are stored elsewhere: count only which weights are kept",
        lambda n, kept: _bits(n, kept) + 32 * kept,
    ),
    Mistake(
        "sign forgotten",
        "the logarithm of a share is negative: the entropy has a minus sign in front",
        lambda n, kept: -_bits(n, kept),
    ),
    Mistake(
        "a bit for each weight",
        "a bit mask needs n bits whatever is kept; the entropy is smaller unless half is kept",
        lambda n, kept: float(n),
    ),
    *(
        Mistake(
            "rounded",
            "these are bits on average, which need not be a whole number: return them as they are",
            answer,
        )
        for answer in (
            lambda n, kept: float(math.ceil(_bits(n, kept))),
            lambda n, kept: float(round(_bits(n, kept))),
        )
    ),
    Mistake(
        "masks counted",
        "this is the logarithm of the number of masks with that many ones, a little less than "
        "n H(kept / n), which the exercise asks for",
        _log2_of_masks,
    ),
    *(
        Mistake(
            "log of 0",
            "where all or none are kept nothing is left to say: the docstring asks for 0.0",
            error=error,
        )
        for error in ("ZeroDivisionError", "math domain error", "expected a positive input")
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `entropy_bits(n, kept)`."""
    number = draw.randint

    def one(n: int, kept: int, note: str = "") -> Case:
        return Case((n, kept), _bits(n, kept), note, rtol=1e-6, atol=1e-9)

    # Not large: n itself would be near enough to the bits of the odd one.
    even, odd = 2 * number(20, 60), 2 * number(20, 60) + 1
    several = number(400, 900)
    large = number(10**9, 2 * 10**9)
    return {
        "mostly zeros": [
            one(16, 2),
            one(number(900, 1100), number(40, 90)),
            one(number(10**6, 10**7), number(10**4, 10**5)),
        ],
        "mostly kept": [
            one(16, 13),
            one(several, several - number(20, 90)),
            one(9, 6, "an odd number of weights"),
        ],
        "half and half": [one(even, even // 2), one(odd, odd // 2), one(2, 1)],
        "all or none": [
            one(number(5, 99), 0, "none kept"),
            one(even, even, "all kept"),
            one(1, 0, "one weight"),
            one(1, 1, "one weight"),
            one(0, 0, "no weights"),
        ],
        "large numbers": [
            one(large, 1, "one kept"),
            one(large, large - 1, "all but one kept"),
            one(large, large // number(11, 19)),
            one(2**31 + number(1, 99), 2**29, "more than an int32 holds"),
            one(2**32 + number(1, 99), 2**31 + number(1, 99), "more than a uint32 holds"),
            one(8 * 10**9, 1, "one kept of some billions"),
            one(8 * 10**9, 8 * 10**9 - 1, "all but one kept of some billions"),
            one(8 * 10**9, 7 * 10**9 + number(1, 99), "some billions"),
            one(8 * 10**9, 0, "none kept of some billions"),
        ],
    }


TASK = Exercise(
    id="size.entropy",
    title="The bits of a mask",
    function="entropy_bits",
    objective="Compute how many bits the places of the zeros need at least.",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("scipy.stats",),
    points=4,
    minutes=15,
    difficulty=2,
)
