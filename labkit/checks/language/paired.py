"""The exercise `language.paired`: two models on the same documents, by a permutation test.

Its text promises any number of documents from one on, of different lengths, sums of losses that
float64 adds without rounding, and any signs from one row on.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.value_cases import Case
from labkit.checks.language.paired_answers import MISTAKES, paired_test

if TYPE_CHECKING:
    from torch import Tensor

    Given = tuple["Tensor", "Tensor", "Tensor", "Tensor"]


class _Draws:
    """Losses of documents drawn from a seed, such that each misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def exact(self, value: float) -> float:
        """The nearest multiple of 1/64."""
        return round(value * 64) / 64

    def given(self, documents: int, gap: float, noise: float, rows: int, equal: int = 0) -> "Given":
        """Documents on which the second model costs so much more a token, give or take `noise`.

        On `equal` of them the two cost the same.
        """
        import torch

        tokens = [self.random.randint(5, 400) for _ in range(documents)]
        first, second = [], []
        for number, count in enumerate(tokens):
            rate = self.random.uniform(1, 4)
            more = gap + self.random.uniform(-noise, noise)
            first.append(self.exact(rate * count))
            second.append(first[-1] if number < equal else self.exact((rate + more) * count))
        order = list(range(documents))
        self.random.shuffle(order)
        pick = [[part[i] for i in order] for part in (first, second)]
        return (
            *(torch.tensor(part, dtype=torch.float64, device="cpu") for part in pick),
            torch.tensor([tokens[i] for i in order], dtype=torch.int64, device="cpu"),
            self.signs(rows, documents),
        )

    def signs(self, rows: int, documents: int) -> "Tensor":
        import torch

        drawn = [[self.random.random() < 0.5 for _ in range(documents)] for _ in range(rows)]
        return torch.tensor(drawn, dtype=torch.bool, device="cpu")


def _cases(draw: Random) -> Groups:
    """Inputs of `paired_test(first, second, tokens, signs)`."""
    import torch

    draws = _Draws(draw)
    number = draw.randint

    def case(given: "Given", note: str = "") -> Case:
        shown = f"losses of {len(given[0])} documents, {int(given[2].sum())} tokens, signs of "
        shown += f"shape {tuple(given[3].shape)}"
        return Case(given, paired_test(*given), note, rtol=1e-6, atol=1e-9, shown=shown)

    def split(documents: int, gap: float) -> "Given":
        """Gaps in both directions, so that p is neither of its ends."""
        return draws.given(documents, gap, 5 * abs(gap), number(60, 90))

    def every() -> "Given":
        """Three documents and all of their signs."""
        first, second, tokens, _ = draws.given(3, 0.2, 0.1, 1)
        grid = torch.cartesian_prod(*[torch.tensor([False, True])] * 3)
        return first, second, tokens, grid

    def near() -> "Given":
        """Totals that differ from the one seen by a few of the smallest steps, or not at all."""
        documents = 8
        first, _, tokens, _ = draws.given(documents, 0.5, 0.1, 1)
        step = torch.full((documents,), 1 / 64, dtype=torch.float64)
        step[0] = draws.exact(draw.uniform(3e5, 9e5))
        signs = torch.zeros(12, documents, dtype=torch.bool)
        signs[torch.arange(8), torch.arange(8)] = True
        signs[8:11] = draws.signs(3, documents)
        signs[11] = True
        return first, first + step, tokens * 2000, signs

    def rescaled(steps: int, tokens: int) -> "Given":
        """A total that is larger where it is divided by the tokens and multiplied again.

        `steps` are those of 1/64 that it has.
        """
        first, _, _, signs = draws.given(3, 0.2, 0.1, 1)
        gap = torch.tensor([steps + 9, -20, 11], dtype=torch.float64) / 64
        grid = torch.cartesian_prod(*[torch.tensor([False, True])] * 3)
        return first, first + gap, torch.tensor([tokens - 9, 4, 5]), torch.cat([signs, grid])

    def alike(rows: int) -> "Given":
        """As often exchanged as you like: no two documents differ."""
        first, _, tokens, signs = draws.given(2, 0.1, 0.1, 1)
        return first, first.clone(), tokens, signs.repeat(rows, 1)

    long = draws.given(number(5, 7), 0.3, 0.9, 40)
    stacked = torch.stack(long[:2], dim=1)
    turned = long[3].t().contiguous().t()
    same = draws.given(number(5, 8), 0.0, 0.0, 30, equal=8)
    ones = draws.given(1, 0.25, 0.1, number(4, 9))
    tied = draws.given(number(5, 6), 0.4, 0.1, 64)
    gap = torch.full_like(tied[0], 3.0)
    gap[0] = -1.0
    return {
        "the second is worse": [
            case(split(number(8, 12), 0.2)),
            case(draws.given(number(15, 25), 0.3, 0.4, 80)),
            case(draws.given(number(4, 6), 0.5, 0.2, 50), "few documents"),
        ],
        "the second is better": [
            case(split(number(8, 12), -0.2)),
            case(draws.given(number(9, 14), -0.4, 0.5, 70)),
        ],
        "hardly any difference": [
            case(split(number(7, 11), 0.02)),
            case(split(number(7, 11), -0.02)),
        ],
        "ties": [
            case(every(), "each assignment once"),
            case(rescaled(31, 30), "means round, totals do not"),
            case(rescaled(2**25 + 3, 200001), "means round in float32, totals do not"),
            case(near(), "totals that differ in the last digit"),
            case((tied[0], tied[0] + gap, *tied[2:]), "gaps of one size"),
            case(draws.given(number(9, 12), 0.3, 0.6, 40, equal=number(2, 4)), "some equal"),
        ],
        "extremes": [
            case(same, "no difference at all"),
            case(ones, "one document"),
            case(draws.given(number(6, 9), 0.3, 0.2, 1), "one row of signs"),
            case(draws.given(number(14, 18), 0.6, 0.1, 120), "a clear difference"),
        ],
        "many documents, and strides": [
            case(draws.given(400, 0.02, 0.8, 500)),
            case(draws.given(5001 + 2 * number(0, 9), 0.5, 0.1, 5), "all of thousands are worse"),
            case(alike(40_001 + 2 * number(0, 99)), "tens of thousands of exchanges"),
            case((stacked[:, 0], stacked[:, 1], long[2], turned), "columns of a matrix"),
        ],
    }


TASK = Exercise(
    id="language.paired",
    title="Two models on the same documents",
    function="paired_test",
    points=6,
    minutes=20,
    difficulty=3,
    objective="Test a difference in loss between two models that read the same documents.",
    cases=_cases,
    mistakes=MISTAKES,
    forbids=("scipy.stats",),
)
