"""The exercise `challenges.wanda`: prune by the size of a weight times that of its input.

Its text promises float32 weights of any strides and rows of any length, scores that are equal or
differ by more than float32 rounds, padding on either side or everywhere, any sparsity from 0 to 1.
"""

from random import Random
from typing import TYPE_CHECKING

from labkit.checks.challenges.wanda_answers import MISTAKES, real, right
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.padded_inputs import padded_inputs, sign
from labkit.checks.engine.value_cases import Case

if TYPE_CHECKING:
    from torch import Tensor


class _Draws:
    """Weights and inputs drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def sign(self) -> int:
        """1 or -1."""
        return sign(self.random)

    def inputs(self, batch: int, tokens: int, features: int, padding: tuple = ()) -> tuple:
        """Inputs and attention mask, as `padded_inputs` draws them."""
        return padded_inputs(self.random, batch, tokens, features, padding)

    def weight(self, rows: int, inputs: "Tensor", mask: "Tensor") -> "Tensor":
        """Weights whose scores lie apart, so that rounding does not decide; rows differ in size."""
        import torch

        norm = real(inputs, mask).norm(dim=0)
        result = []
        while len(result) < rows:
            high = 200 + 400 * len(result)
            row = torch.tensor(
                [self.sign() * self.random.randint(1, high) / 64 for _ in norm], dtype=torch.float64
            )
            scores = (row.abs() * norm).sort().values
            if bool((scores[1:] > scores[:-1] * 1.001).all()):
                result.append(row)
        return torch.stack(result).float()

    def tied(self, rows: int, features: int) -> tuple:
        """Weights of three sizes, inputs whose features have the same norm or are all zero."""
        import torch

        column = [self.random.randint(1, 6) for _ in range(6)]
        columns = []
        for feature in range(features):
            self.random.shuffle(column)
            zero = feature % 4 == 3
            columns.append([0 if zero else self.sign() * value for value in column])
        inputs = torch.tensor(columns, dtype=torch.float32).t().reshape(2, 3, features)
        sizes = [self.sign() * self.random.randint(1, 3) / 8 for _ in range(rows * features)]
        weight = torch.tensor(sizes, dtype=torch.float32).reshape(rows, features)
        return weight, inputs, torch.ones(2, 3, dtype=torch.int64)

    def counted(self, features: int) -> tuple:
        """Distinct |w| and one token of ones of either sign: many features, scores far apart."""
        import torch

        rows = [self.random.sample(range(1, features + 1), features) for _ in range(2)]
        weight = torch.tensor(rows, dtype=torch.float32) / 8
        signs = [float(self.sign()) for _ in range(features)]
        inputs = torch.tensor(signs, dtype=torch.float32).reshape(1, 1, features)
        return weight, inputs, torch.ones(1, 1, dtype=torch.int64)

    def nearly_tied(self, features: int) -> tuple:
        """Scores that differ by a hundred-thousandth, the larger ones first: one token of ones."""
        import torch

        _, inputs, mask = self.counted(features)
        rows = [
            [self.sign() * size * (1 + (place < features // 2) * 1e-5) for place in range(features)]
            for size in (1e-4, 0.1, 3.0, 1e5)
        ]
        return torch.tensor(rows), inputs, mask

    def near_norms(self, features: int) -> tuple:
        """As `nearly_tied`, but it is the norms that differ, of one token for each size."""
        import torch

        row = [1 + (place < features // 2) * 1e-5 for place in range(features)]
        inputs = torch.tensor([[[self.sign() * size * x for x in row] for size in (3.0, 70.0)]])
        weight = torch.tensor([[float(self.sign()) for _ in row] for _ in range(3)])
        return weight, inputs, torch.ones(1, 2, dtype=torch.int64)


def _cases(draw: Random) -> Groups:
    """Inputs of `wanda_mask(weight, inputs, attention_mask, sparsity)`."""
    import torch

    draws = _Draws(draw)

    def case(weight: "Tensor", inputs: "Tensor", mask: "Tensor", s: float, note: str = "") -> Case:
        tokens = int(mask.sum())
        shown = (
            f"weight of shape {tuple(weight.shape)}, inputs of shape {tuple(inputs.shape)}, "
            f"attention_mask with {tokens} one{'s' * (tokens != 1)}, {s:g}"
        )
        return Case((weight, inputs, mask, s), right(weight, inputs, mask, s), note, shown=shown)

    def drawn(
        rows: int,
        batch: int,
        tokens: int,
        features: int,
        s: float,
        padding: tuple = (),
        note: str = "",
    ) -> Case:
        inputs, mask = draws.inputs(batch, tokens, features, padding)
        return case(draws.weight(rows, inputs, mask), inputs, mask, s, note)

    def strided() -> Case:
        inputs, mask = draws.inputs(3, 4, 8, ((3,), (), (0, 1)))
        weight = draws.weight(6, inputs, mask).t().contiguous().t()
        inputs = inputs.transpose(0, 1).contiguous().transpose(0, 1)
        return case(weight, inputs, mask.t().contiguous().t(), 0.5, "not contiguous")

    def nothing_real() -> Case:
        inputs, _ = draws.inputs(2, 3, 8)
        weight, _, _ = draws.counted(8)
        none = torch.zeros(2, 3, dtype=torch.int64)
        return case(weight, inputs, none, 0.5, "no real token: all scores are 0")

    ones = torch.ones(2, 3, dtype=torch.int64)
    return {
        "scores are |w| times the norm": [
            drawn(4, 2, 4, 8, 0.5, note="no padding"),
            drawn(6, 3, 4, 12, 0.25, note="no padding"),
            drawn(5, 2, 5, 10, 0.7, note="no padding"),
        ],
        "padding does not count": [
            drawn(4, 2, 6, 8, 0.5, ((4, 5), (3, 4, 5)), "padding on the right"),
            drawn(6, 2, 5, 8, 0.25, ((0, 1), ()), "padding on the left"),
            drawn(6, 2, 5, 8, 0.25, ((0, 1), (0,)), "padding on the left of all"),
            drawn(4, 3, 4, 8, 0.75, ((0, 1, 2, 3), (3,), ()), "a sequence of padding only"),
        ],
        "exact count in each row": [
            case(*draws.counted(100), 0.29),
            case(*draws.counted(5), 0.5),
            case(*draws.counted(7), 0.5),
            case(*draws.counted(11), 0.6),
            case(*draws.counted(90), 0.35),
            case(*draws.counted(150), 0.07),
            case(*draws.counted(9), 0.0, "nothing pruned"),
            case(*draws.counted(9), 1.0, "all pruned"),
            case(*draws.counted(301), 0.5, "more columns than a byte counts"),
        ],
        "ties by index": [
            case(*draws.tied(4, 12), 0.5, "ties"),
            case(*draws.tied(6, 16), 0.25, "ties"),
            # Sorts that are not stable often are on short rows.
            case(*draws.tied(3, 64), 0.5, "ties in long rows"),
            case(torch.full((2, 6), 0.5), torch.ones(2, 3, 6), ones, 0.5, "all equal"),
            case(torch.zeros(3, 8), torch.ones(2, 3, 8), ones, 0.25, "all weights zero"),
        ],
        "scores that differ by little": [
            case(*draws.nearly_tied(8), 0.5, "they differ by a hundred-thousandth"),
            case(*draws.nearly_tied(15), 0.4, "they differ by a hundred-thousandth"),
            case(*draws.near_norms(10), 0.5, "norms that differ by a hundred-thousandth"),
        ],
        "shapes and strides": [
            strided(),
            drawn(1, 2, 6, 8, 0.5, ((5,), (4, 5)), "one output"),
            drawn(4, 1, 5, 8, 0.25, ((4,),), "one sequence"),
            drawn(3, 2, 3, 1, 1.0, note="one feature"),
            nothing_real(),
            case(torch.zeros(0, 8), torch.ones(2, 3, 8), ones, 0.5, "no outputs"),
        ],
    }


TASK = Exercise(
    id="challenges.wanda",
    title="Weights and their inputs",
    points=6,
    minutes=25,
    difficulty=2,
    objective="Prune by the score of Wanda, with padding left out of the norms.",
    function="wanda_mask",
    cases=_cases,
    mistakes=MISTAKES,
    forbids=("torch.nn.utils.prune",),
)
