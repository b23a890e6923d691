"""The exercise `mrpc.paired`: two models on the same pairs, with McNemar's exact test.

Its text promises any numbers of the four kinds of pairs, each perhaps 0, some hundreds of
discordant ones, any strides; p is exact, however small.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.value_cases import Case
from labkit.checks.mrpc.paired_answers import MISTAKES, compare, counts

if TYPE_CHECKING:
    from torch import Tensor


class _Draws:
    """Correctness of two models drawn from a seed, such that each misconception shows on it."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def pair(self, both: int, one: int, two: int, neither: int) -> tuple["Tensor", "Tensor"]:
        import torch

        pairs = [(True, True)] * both + [(True, False)] * one
        pairs += [(False, True)] * two + [(False, False)] * neither
        self.random.shuffle(pairs)
        return tuple(
            torch.tensor([pair[which] for pair in pairs], dtype=torch.bool, device="cpu")
            for which in (0, 1)
        )


def _cases(draw: Random) -> Groups:
    """Inputs of `compare(first, second)`."""
    import torch

    draws = _Draws(draw)
    number = draws.random.randint

    def case(first: "Tensor", second: "Tensor", note: str = "") -> Case:
        both, one, two, _ = counts(first, second)
        shown = f"{len(first)} pairs: both right {both}, only the first {one}, "
        shown += f"only the second {two}"
        # A difference of float32 accuracies is good enough.
        return Case(
            (first, second), compare(first, second), note, rtol=1e-4, atol=3e-7, shown=shown
        )

    wide = torch.stack(draws.pair(number(20, 30), 4, 9, 3), dim=1)
    twin = draws.pair(number(15, 30), 0, 0, number(8, 14))
    return {
        "the second is better": [
            case(*draws.pair(number(40, 60), number(2, 4), number(8, 11), number(5, 9))),
            case(*draws.pair(number(5, 9), 1, number(6, 8), number(20, 30))),
            case(wide[:, 0], wide[:, 1], "columns of a matrix"),
        ],
        "the second is worse": [
            case(*draws.pair(number(40, 60), number(9, 12), number(3, 5), number(5, 9))),
            case(*draws.pair(number(4, 6), number(6, 8), 0, number(4, 6))),
            case(*draws.pair(300, number(26, 34), number(10, 16), 60), "a split of MRPC's size"),
        ],
        "many pairs that differ": [
            case(*draws.pair(30, 271, 331, 20), "602 discordant pairs"),
            case(*draws.pair(900, 3, 21, 300)),
            case(*draws.pair(400, 31, 9, 20)),
            case(*draws.pair(2_000, 1, 0, 2_000), "one discordant pair of many"),
            case(*draws.pair(0, 258, 257, 0), "none concordant"),
        ],
        "as often one as the other": [
            case(*draws.pair(number(9, 14), (same := number(3, 6)), same, number(2, 5))),
            case(*draws.pair(number(2, 4), 1, 1, 0)),
            case(*draws.pair(number(9, 14), (near := number(4, 7)), near + 1, number(2, 5))),
        ],
        "never different": [
            case(twin[0], twin[1], "the same pairs right"),
            case(twin[0] | True, twin[0] | True, "all right"),
            case(twin[0] & False, twin[0] & False, "all wrong"),
            case(*draws.pair(0, 0, 0, 0), "no pairs"),
        ],
        "few pairs": [
            case(*draws.pair(0, 0, 1, 0)),
            case(*draws.pair(0, 1, 0, 0)),
            case(*draws.pair(0, 0, number(3, 5), number(1, 3))),
            case(*draws.pair(0, 2, 0, number(1, 3))),
        ],
    }


TASK = Exercise(
    id="mrpc.paired",
    title="Two models on the same pairs",
    function="compare",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Test a difference between two models that answered the same pairs.",
    cases=_cases,
    mistakes=MISTAKES,
    forbids=("statsmodels",),
)
