"""The exercise `mrpc.given_up`: loss, accuracy and confidence read together."""

import math
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.compare_values import Case
from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake

if TYPE_CHECKING:
    from torch import Tensor


def _losses(logits: list[list[float]], labels: list[int]) -> list[float]:
    """Cross-entropy of each row in nats: log(1 + exp(wrong - right)), which never overflows."""
    gaps = [row[1 - label] - row[label] for row, label in zip(logits, labels, strict=True)]
    return [max(gap, 0.0) + math.log1p(math.exp(-abs(gap))) for gap in gaps]


def _probability(row: list[float], label: int) -> float:
    """The probability of `label`; the exponent is kept where a float can hold its power."""
    return 1 / (1 + math.exp(min(row[1 - label] - row[label], 700.0)))


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _prior_loss(labels: list[int], prior: float) -> float:
    return _mean([-math.log(prior if label else 1 - prior) for label in labels])


def _reading(logits: "Tensor", labels: "Tensor", prior: float, one: bool = False) -> dict[str, Any]:
    """The right answer; with `one`, equal logits are counted as class 1."""
    rows, labels = logits.double().tolist(), labels.tolist()
    answers = [int(row[1] > row[0] or (one and row[1] == row[0])) for row in rows]
    return {
        "loss": _mean(_losses(rows, labels)),
        "accuracy": _mean([float(a == b) for a, b in zip(answers, labels, strict=True)]),
        "confidence": _mean([max(_probability(row, c) for c in (0, 1)) for row in rows]),
        "prior_loss": _prior_loss(labels, prior),
        "given_up": len(set(answers)) == 1,
    }


def _with(part: Any, *keys: str) -> Any:
    """The answer with `keys` replaced by part(answer, logits, labels, prior), of as many values."""

    def answer(logits: "Tensor", labels: "Tensor", prior: float) -> dict[str, Any]:
        right = _reading(logits, labels, prior)
        values = part(right, logits.double().tolist(), labels.tolist(), prior)
        return right | dict(zip(keys, values, strict=True))

    return answer


def _scaled(by: Any, *keys: str) -> Any:
    """The answer with `keys` multiplied by by(number of rows)."""
    return _with(lambda right, rows, *_: [right[key] * by(len(rows)) for key in keys], *keys)


def _softmax(rows: list[list[float]]) -> list[list[float]]:
    return [[_probability(row, 0), _probability(row, 1)] for row in rows]


def _largest(rows: list[list[float]]) -> float:
    return _mean([max(row) for row in rows])


def _entropy(share: float) -> float:
    """Entropy in nats of a coin that shows 1 with probability `share`."""
    return -sum(p * math.log(p) for p in (share, 1 - share) if p)


def _answers(rows: list[list[float]]) -> list[int]:
    return [int(row[1] > row[0]) for row in rows]


def _most(labels: list[int]) -> float:
    return max(sum(labels), len(labels) - sum(labels)) / len(labels)


def _overflow(logits: "Tensor", labels: "Tensor", prior: float) -> dict[str, Any]:
    """The loss by way of the softmax, which is 0 where the logits are far apart."""
    import torch

    chosen = logits.double().softmax(dim=1)[torch.arange(len(labels)), labels]
    return _reading(logits, labels, prior) | {"loss": -float(chosen.log().mean())}


def _narrow(logits: "Tensor", labels: "Tensor", prior: float, confidence: bool) -> dict[str, Any]:
    """Loss, and perhaps confidence, in the type of the logits."""
    import torch

    found = {"loss": float(torch.nn.functional.cross_entropy(logits, labels))}
    if confidence:
        found["confidence"] = float(logits.softmax(dim=1).max(dim=1).values.mean())
    return _reading(logits, labels, prior) | found


_MISTAKES = (
    *(
        Mistake(
            "bits for nats",
            "a cross-entropy in nats uses the natural logarithm, not log2",
            _scaled(lambda n: 1 / math.log(2), *keys),
        )
        for keys in (("loss", "prior_loss"), ("loss",), ("prior_loss",))
    ),
    *(
        Mistake(
            "the sum for the mean",
            "a loss is averaged over the rows, so that it does not grow with the number of pairs",
            _scaled(lambda n: n, *keys),
        )
        for keys in (("loss", "prior_loss"), ("loss",), ("prior_loss",))
    ),
    Mistake(
        "the prior loss of a coin",
        "ln 2 is the loss of saying 0.5; the constant predictor says `prior`",
        _with(lambda *_: [math.log(2)], "prior_loss"),
    ),
    Mistake(
        "the entropy of the prior",
        "the prior is said to the labels at hand: average -ln(prior) over the ones among them and "
        "-ln(1 - prior) over the zeros",
        _with(lambda right, rows, labels, prior: [_entropy(prior)], "prior_loss"),
    ),
    Mistake(
        "the prior of these labels",
        "the constant predictor says the `prior` that is handed in, which need not be the share "
        "of ones among these labels",
        _with(
            lambda right, rows, labels, prior: [_entropy(_mean([float(x) for x in labels]))],
            "prior_loss",
        ),
    ),
    Mistake(
        "the same loss for both labels",
        "saying `prior` costs -ln(prior) where the label is 1, and -ln(1 - prior) where it is 0",
        _with(lambda right, rows, labels, prior: [-math.log(prior)], "prior_loss"),
    ),
    Mistake(
        "the prior of class 0",
        "`prior` is the probability of class 1",
        _with(lambda right, rows, labels, prior: [_prior_loss(labels, 1 - prior)], "prior_loss"),
    ),
    *(
        Mistake(
            "softmax twice",
            "cross_entropy takes logits and applies the softmax itself",
            answer,
        )
        for answer in (
            _with(
                lambda right, rows, labels, prior: [_mean(_losses(_softmax(rows), labels))], "loss"
            ),
            _with(
                lambda right, rows, labels, prior: [
                    _mean(_losses(_softmax(rows), labels)),
                    _largest(_softmax(_softmax(rows))),
                ],
                "loss",
                "confidence",
            ),
        )
    ),
    Mistake(
        "the confidence in the true label",
        "a model can be sure and wrong: take the larger of the two probabilities, whatever the "
        "label",
        _with(
            lambda right, rows, labels, prior: [
                _mean([_probability(*both) for both in zip(rows, labels, strict=True)])
            ],
            "confidence",
        ),
    ),
    Mistake(
        "the probability of class 1 for the confidence",
        "take the larger of the two probabilities of each row",
        _with(
            lambda right, rows, labels, prior: [_mean([_probability(row, 1) for row in rows])],
            "confidence",
        ),
    ),
    Mistake(
        "logits for probabilities",
        "a confidence is a probability: apply the softmax before you take the larger one",
        _with(lambda right, rows, *_: [_largest(rows)], "confidence"),
    ),
    Mistake(
        "given up by the loss",
        "a loss above that of the constant predictor can come from over-confidence; look at "
        "whether all rows get the same class",
        _with(
            lambda right, rows, *_: [right["loss"] >= right["prior_loss"]],
            "given_up",
        ),
    ),
    *(
        Mistake(
            "given up by the accuracy",
            "a model that reads can reach the majority's accuracy by chance; look at whether all "
            "rows get the same class",
            answer,
        )
        for answer in (
            _with(
                lambda right, rows, labels, prior: [right["accuracy"] == _most(labels)], "given_up"
            ),
            _with(
                lambda right, rows, labels, prior: [right["accuracy"] <= _most(labels)], "given_up"
            ),
        )
    ),
    Mistake(
        "given up to class 1 only",
        "a model that always answers 0 has given up as well",
        _with(lambda right, rows, *_: [all(_answers(rows))], "given_up"),
    ),
    Mistake(
        "class 1 on a tie",
        "where the logits are equal the answer is class 0",
        lambda logits, labels, prior: _reading(logits, labels, prior, one=True),
    ),
    Mistake(
        "the logarithm of 0",
        "the softmax of a logit far below the other is 0, and its logarithm infinite; take "
        "log_softmax or cross_entropy of the logits",
        _overflow,
    ),
    *(
        Mistake(
            "averaged in half precision",
            "a float16 or bfloat16 number holds 2 to 3 digits; make the logits float32 first",
            lambda logits, labels, prior, confidence=confidence: _narrow(
                logits, labels, prior, confidence
            ),
        )
        for confidence in (True, False)
    ),
)


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


def _cases(draw: Random) -> Groups:
    """Inputs of `reading(logits, labels, prior)`."""
    import torch

    draws = _Draws(draw)
    few, many = draws.random.randint(4, 6), draws.random.randint(9, 13)

    def case(logits: "Tensor", labels: "Tensor", note: str, prior: float = 0.0) -> Case:
        # As precise as float32 is.
        prior = prior or draws.prior()
        expected = _reading(logits, labels, prior)
        kind = str(logits.dtype).removeprefix("torch.")
        shown = f"{kind} logits of shape {tuple(logits.shape)}, "
        shown += f"labels of which {int(labels.sum())} are 1, {prior}"
        return Case((logits, labels, prior), expected, note, rtol=2e-5, atol=1e-6, shown=shown)

    labels = draws.labels(few, many)
    # As many wrong as the constant answer has, yet not constant.
    chance = draws.mostly(labels, few)
    wide = torch.cat([torch.zeros(few + many, 1), draws.logits(chance, 0.5, 3)], dim=1)
    tied, zeros = draws.logits([1, 1, 0, 1, 0, 1], 0.5, 2), draws.logits([0, 0, 0], 0.5, 2)
    tied[1:3], zeros[1] = tied[1:3, :1], zeros[1, 0]
    all_tied = torch.full((4, 2), draws.random.uniform(-1, 1))
    half, nearly = torch.float16, torch.bfloat16
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
        "logits far apart": [
            case(draws.logits(draws.mostly(labels, 3), 900, 1500), labels, "3 sure and wrong"),
        ],
        "ties and one pair": [
            case(tied, torch.tensor([1, 1, 1, 0, 0, 1]), "two rows of equal logits"),
            case(zeros, torch.tensor([0, 0, 1]), "class 0 and a tie"),
            case(all_tied, torch.tensor([0, 1, 1, 1]), "equal logits in all rows"),
            case(draws.logits([1], 1, 2), torch.tensor([1]), "one pair"),
            case(draws.logits([0], 1, 2), torch.tensor([1]), "one pair"),
        ],
        "dtypes and strides": [
            case(draws.logits(draws.mostly(labels, 2), 1, 4).to(half), labels, "float16"),
            case(draws.logits(draws.mostly(labels, 2), 1, 4).to(nearly), labels, "bfloat16"),
            case(wide[:, 1:], labels, "two columns of three"),
        ],
    }


TASK = Exercise(
    id="mrpc.given_up",
    lab="mrpc",
    title="A loss that falls while the skill goes",
    function="reading",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Read loss, accuracy and confidence together, and see when a model has given up.",
    section="book/03-mrpc.md#mrpc.given_up",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("sklearn", "evaluate"),
)
