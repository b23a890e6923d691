"""The exercise `mrpc.given_up`: loss, accuracy and confidence read together.

Its text promises logits of three dtypes and any strides, equal ones, ones that differ in their last
digit and ones as far apart as the dtype allows, from one pair to more than two million, of which
one may differ.
"""

import math
from random import Random
from typing import TYPE_CHECKING

from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.large_case import and_large
from labkit.checks.engine.trial import Trial
from labkit.checks.engine.value_cases import Case
from labkit.checks.mrpc.given_up_answers import MISTAKES, NEARLY_ALL, reading

if TYPE_CHECKING:
    from torch import Tensor


_ONE = "one pair that differs"


class _Draws:
    """Logits and labels drawn from a seed, such that each misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        self.random = draw

    def labels(self, zeros: int, ones: int) -> "Tensor":
        import torch

        values = [0] * zeros + [1] * ones
        self.random.shuffle(values)
        return torch.tensor(values, dtype=torch.int64, device="cpu")

    def logits(self, answers: list[int], low: float, high: float) -> "Tensor":
        """Rows whose larger logit, by `low` to `high`, is the one of the answer."""
        import torch

        rows = []
        for answer in answers:
            base, gap = self.random.uniform(-2, 2), self.random.uniform(low, high)
            rows.append([base + gap * (answer == 0), base + gap * (answer == 1)])
        return torch.tensor(rows, dtype=torch.float32, device="cpu")

    def mostly(self, labels: "Tensor", wrong: int) -> list[int]:
        """The labels, `wrong` of them turned round; at least one of each answer is left."""
        answers = labels.tolist()
        ones = [i for i, label in enumerate(answers) if label]
        for i in self.random.sample(ones, wrong):
            answers[i] = 0
        return answers

    def prior(self) -> float:
        return round(self.random.uniform(0.6, 0.8), 3)

    def dissenter(self, answer: int, place: int, pairs: int) -> "tuple[Tensor, Tensor]":
        """Logits that all answer `answer` but for those at `place`; and labels, a third 0."""
        import torch

        generator = torch.Generator().manual_seed(self.random.randrange(2**32))
        gaps = 0.3 + 0.9 * torch.rand(pairs, generator=generator)
        logits = 4 * torch.rand(pairs, 1, generator=generator) - 2 + torch.zeros(1, 2)
        logits[:, answer] += gaps
        logits[place] = logits[place].flip(0)
        return logits, (torch.rand(pairs, generator=generator) > 1 / 3).long()


def _case(logits: "Tensor", labels: "Tensor", prior: float, note: str, atol: float = 1e-6) -> Case:
    """As precise as float32 is; `atol` is more where the logits are large."""
    expected = reading(logits, labels, prior)
    kind = str(logits.dtype).removeprefix("torch.")
    shown = f"{kind} logits of shape {tuple(logits.shape)}, "
    shown += f"labels of which {int(labels.sum())} are 1, {prior}"
    return Case((logits, labels, prior), expected, note, rtol=2e-5, atol=atol, shown=shown)


def _cases(draw: Random) -> Groups:
    """Inputs of `reading(logits, labels, prior)`."""
    import torch

    draws = _Draws(draw)
    few, many = draws.random.randint(4, 6), draws.random.randint(9, 13)

    def case(logits: "Tensor", labels: "Tensor", note: str, prior: float = 0.0) -> Case:
        return _case(logits, labels, prior or draws.prior(), note)

    def dissenter(answer: int, place: int, pairs: int) -> Case:
        return case(*draws.dissenter(answer, place, pairs), f"one of {pairs} gets another class")

    labels = draws.labels(few, many)
    # As many wrong as the constant answer has, yet not constant.
    chance = draws.mostly(labels, few)
    wide = torch.cat([torch.zeros(few + many, 1), draws.logits(chance, 0.5, 3)], dim=1)
    tied, zeros = draws.logits([1, 1, 0, 1, 0, 1], 0.5, 2), draws.logits([0, 0, 0], 0.5, 2)
    tied[1:3], zeros[1] = tied[1:3, :1], zeros[1, 0]
    all_tied = torch.full((4, 2), draws.random.uniform(-1, 1))
    # Their probabilities are equal numbers in float32.
    near = torch.tensor([[0.1, math.nextafter(0.1, 1)], [8.0, 8.0], [-3.0, -3.0]])
    up = torch.nextafter(near[:, 1], torch.tensor(9.0))
    near[:, 1] = up
    tiny = torch.tensor([[1e-35, 0.0], [0.0, 1e-35], [1e-42, 0.0], [-1e-42, -1e-35]])
    furthest = torch.tensor([[65504.0, -65504.0], [65504.0, -65504.0], [-1.0, 65504.0]])
    half, nearly = torch.float16, torch.bfloat16
    above = draws.logits(draws.mostly(labels, 2), 1, 3) + 3000
    return {
        "a model that reads": [
            case(draws.logits(draws.mostly(labels, 1), 1, 3), labels, "a good model"),
            case(draws.logits(draws.mostly(labels, 2), 9, 14), labels, "sure, and often right"),
            case(draws.logits(chance, 0.5, 2), labels, "as good as a constant answer"),
        ],
        "a model that has given up": [
            case(draws.logits([1] * len(labels), 0.3, 1.2), labels, "always 1"),
            case(draws.logits([0] * len(labels), 0.3, 1.2), labels, "always 0"),
            case(draws.logits([1] * len(labels), 0.7, 0.9), labels, "always 1", prior=0.2),
        ],
        _ONE: [
            dissenter(1, 0, 300),
            dissenter(0, 299, 300),
            dissenter(1, 150, 301),
            dissenter(0, 2000, 4001),
            dissenter(1, draws.random.randrange(1, 9000), 9001),
        ],
        "logits far apart": [
            case(draws.logits(draws.mostly(labels, 3), 900, 1500), labels, "3 sure and wrong"),
            case(draws.logits(draws.mostly(labels, 3), 40, 90), labels, "3 sure and wrong"),
            case(furthest.to(half), torch.tensor([0, 1, 1]), "as far apart as float16 allows"),
            # The logarithm of a sum is rounded at 3000, and the logit is then subtracted.
            _case(above, labels, draws.prior(), "all logits large", 3000 * 2**-23),
        ],
        "ties and one pair": [
            case(tied, torch.tensor([1, 1, 1, 0, 0, 1]), "two rows of equal logits"),
            case(zeros, torch.tensor([0, 0, 1]), "class 0 and a tie"),
            case(all_tied, torch.tensor([0, 1, 1, 1]), "equal logits in all rows"),
            case(near, torch.tensor([1, 0, 1]), "logits that differ in the last digit"),
            case(tiny, torch.tensor([1, 1, 0, 0]), "logits that differ by hardly anything"),
            case(near[1:2], torch.tensor([0]), "logits that differ in the last digit"),
            case(draws.logits([1], 1, 2), torch.tensor([1]), "one pair"),
            case(draws.logits([0], 1, 2), torch.tensor([1]), "one pair"),
        ],
        "dtypes and strides": [
            case(draws.logits(draws.mostly(labels, 2), 1, 4).to(half), labels, "float16"),
            case(draws.logits(draws.mostly(labels, 2), 1, 4).to(nearly), labels, "bfloat16"),
            case(wide[:, 1:], labels, "two columns of three"),
        ],
    }


def _one_of_a_million(
    exercise: Exercise, trial: Trial, draw: Random, verdicts: tuple[Verdict, ...]
) -> tuple[Verdict, ...]:
    """Where all else holds: one pair of so many that six decimals of a mean hide it."""
    draws, pairs = _Draws(draw), 2_100_001
    logits, labels = draws.dissenter(draw.randrange(2), draw.randrange(1, pairs - 1), pairs)
    case = _case(logits, labels, draws.prior(), f"one of {pairs} gets another class")
    return and_large(exercise, trial, verdicts, _ONE, case, NEARLY_ALL)


TASK = Exercise(
    id="mrpc.given_up",
    title="A loss that falls while the skill goes",
    function="reading",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Read loss, accuracy and confidence together, and see when a model has given up.",
    cases=_cases,
    more=_one_of_a_million,
    mistakes=MISTAKES,
    forbids=("sklearn", "evaluate"),
)
