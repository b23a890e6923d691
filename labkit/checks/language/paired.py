"""The exercise `language.paired`: two models on the same documents, by a permutation test.

Its text promises any number of documents from one on, of different lengths, sums of losses that
float64 adds without rounding, and any signs from one row on.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.difference import show
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
        if len(given[0]) < 4:
            shown = ", ".join(show(value) for value in given)
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
        # So large that float32 loses all the small steps, in whatever order it adds.
        step[0] = number(2_200_000, 4_000_000)
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

    def balanced() -> "Given":
        """Gaps in pairs that make up for each other: exchanging a pair leaves the total."""
        first, _, tokens, _ = draws.given(11, 0.2, 0.1, 1)
        pairs = torch.cartesian_prod(*[torch.tensor([False, True])] * 5).repeat(1, 2)
        signs = torch.zeros(37, 11, dtype=torch.bool)
        signs[:32, :10] = pairs
        signs[torch.arange(32, 37), torch.arange(5)] = True  # half a pair: a smaller total
        while True:
            sizes = [number(10, 300) for _ in range(5)]
            gaps = [*sizes, *(-size for size in sizes), number(900, 999)]
            order = draw.sample(range(11), 11)
            gap, turned = torch.tensor(gaps, dtype=torch.float64)[order] / 64, signs[:, order]
            shares = gap.where(~turned, -gap)[:32] / tokens.sum()
            # In whatever order one adds: a quotient is smaller than that of the total as seen.
            added = (shares.sum(1), shares.cumsum(1)[:, -1], shares.flip(1).cumsum(1)[:, -1])
            if all(bool((totals < totals[0]).any()) for totals in added):
                return first, first + gap, tokens, turned

    def exchanged(rows: int, others: int) -> "Given":
        """All documents but the last are worse, and none, one or all of them exchanged.

        Exchanges of one's own would hardly ever reach the total. Of two to the power of 14 tokens
        it can be divided, and comes out as it was.
        """
        first, second, tokens, _ = draws.given(40, 0.5, 0.1, 1)
        second[-1] = first[-1] - 0.25
        tokens[0] += 2**14 - tokens.sum()
        signs = torch.zeros(rows + others, 40, dtype=torch.bool)
        signs[0] = True
        signs[1:4, -1] = True  # the total is larger then
        signs[torch.arange(rows, rows + others), torch.arange(others)] = True
        return first, second, tokens, signs

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
        "the exchanges that are given": [
            case(exchanged(number(20, 30), number(9, 19)), "nearly all as they came"),
            case(exchanged(number(5, 9), number(30, 39)), "mostly one exchanged"),
        ],
        "ties": [
            case(every(), "each assignment once"),
            case(rescaled(31, 30), "means round, totals do not"),
            case(rescaled(2**25 + 3, 200001), "means round in float32, totals do not"),
            case(balanced(), "equal totals, of which quotients round"),
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
