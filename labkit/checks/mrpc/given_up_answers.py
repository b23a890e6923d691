"""Right and wrong answers to the exercise `mrpc.given_up`."""

import math
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from torch import Tensor


def _at(rows: "Tensor", labels: "Tensor") -> "Tensor":
    """The logit of the label of each row, less the other one."""
    gaps = rows[:, 1] - rows[:, 0]
    return gaps.where(labels == 1, -gaps)


def _losses(rows: "Tensor", labels: "Tensor") -> "Tensor":
    """Cross-entropy of each row in nats: log(1 + exp(wrong - right)), which never overflows."""
    import torch

    return torch.logaddexp(rows.new_zeros(()), -_at(rows, labels))


def _probabilities(rows: "Tensor", labels: "Tensor") -> "Tensor":
    """The probability of the label of each row."""
    return _at(rows, labels).sigmoid()


def _mean(values: "Tensor") -> float:
    return float(values.double().mean())


def _prior_loss(labels: "Tensor", prior: float) -> float:
    ones = _mean(labels)
    return -ones * math.log(prior) - (1 - ones) * math.log(1 - prior)


def reading(logits: "Tensor", labels: "Tensor", prior: float, one: bool = False) -> dict[str, Any]:
    """The right answer; with `one`, equal logits are counted as class 1."""
    rows = logits.double()
    answers = rows[:, 1] >= rows[:, 0] if one else _answers(rows)
    return {
        "loss": _mean(_losses(rows, labels)),
        "accuracy": _mean(answers == labels),
        "confidence": _mean((rows[:, 1] - rows[:, 0]).abs().sigmoid()),
        "prior_loss": _prior_loss(labels, prior),
        "given_up": bool(answers.all() or not answers.any()),
    }


def _with(part: Any, *keys: str) -> Any:
    """The answer with `keys` replaced by part(answer, logits, labels, prior), of as many values."""

    def answer(logits: "Tensor", labels: "Tensor", prior: float) -> dict[str, Any]:
        right = reading(logits, labels, prior)
        values = part(right, logits.double(), labels, prior)
        return right | dict(zip(keys, values, strict=True))

    return answer


def _scaled(by: Any, *keys: str) -> Any:
    """The answer with `keys` multiplied by by(number of rows)."""
    return _with(lambda right, rows, *_: [right[key] * by(len(rows)) for key in keys], *keys)


def _largest(rows: "Tensor") -> float:
    return _mean(rows.amax(dim=1))


def _entropy(share: float) -> float:
    """Entropy in nats of a coin that shows 1 with probability `share`."""
    return -sum(p * math.log(p) for p in (share, 1 - share) if p)


def _answers(rows: "Tensor") -> "Tensor":
    return rows[:, 1] > rows[:, 0]


def _most(values: "Tensor") -> float:
    """The share of the more frequent of 0 and 1."""
    return max(_mean(values), 1 - _mean(values))


def _overflow(logits: "Tensor", labels: "Tensor", prior: float) -> dict[str, Any]:
    """The loss by way of the softmax, which is 0 where the logits are far apart."""
    import torch

    chosen = logits.double().softmax(dim=1)[torch.arange(len(labels)), labels]
    return reading(logits, labels, prior) | {"loss": -float(chosen.log().mean())}


def _narrow(logits: "Tensor", labels: "Tensor", prior: float, confidence: bool) -> dict[str, Any]:
    """Loss, and perhaps confidence, in the type of the logits."""
    import torch

    found = {"loss": float(torch.nn.functional.cross_entropy(logits, labels))}
    if confidence:
        found["confidence"] = float(logits.softmax(dim=1).max(dim=1).values.mean())
    return reading(logits, labels, prior) | found


def _rounded(logits: "Tensor", labels: "Tensor", prior: float) -> dict[str, Any]:
    """The classes from float32 probabilities, of which more than the logits are equal."""
    first, second = logits.float().softmax(dim=1).T
    answers = second > first
    found = {"accuracy": _mean(answers == labels), "given_up": len(answers.unique()) == 1}
    return reading(logits, labels, prior) | found


NEARLY_ALL = tuple(
    Mistake(
        "given up if nearly all agree",
        "one pair of another class is enough: it has given up where all get the same class",
        _with(
            lambda right, rows, labels, prior, share=share: [_most(_answers(rows)) >= share],
            "given_up",
        ),
    )
    for share in (0.9, 0.95, 0.99, 0.995, 0.999, 0.9999, 0.99999, 0.999999, 0.9999995)
)
"""Tolerances in place of all."""

MISTAKES = (
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
            lambda right, rows, labels, prior: [_entropy(_mean(labels))],
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
                lambda right, rows, labels, prior: [_mean(_losses(rows.softmax(dim=1), labels))],
                "loss",
            ),
            _with(
                lambda right, rows, labels, prior: [
                    _mean(_losses(rows.softmax(dim=1), labels)),
                    _largest(rows.softmax(dim=1).softmax(dim=1)),
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
            lambda right, rows, labels, prior: [_mean(_probabilities(rows, labels))],
            "confidence",
        ),
    ),
    Mistake(
        "the probability of class 1 for the confidence",
        "take the larger of the two probabilities of each row",
        _with(
            lambda right, rows, labels, prior: [_mean(rows.softmax(dim=1)[:, 1])],
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
    *NEARLY_ALL,
    Mistake(
        "the class of rounded probabilities",
        "logits that differ in their last digit have the same probability in float32: compare the "
        "logits",
        _rounded,
    ),
    Mistake(
        "given up to class 1 only",
        "a model that always answers 0 has given up as well",
        _with(lambda right, rows, *_: [bool(_answers(rows).all())], "given_up"),
    ),
    Mistake(
        "class 1 on a tie",
        "where the logits are equal the answer is class 0",
        lambda logits, labels, prior: reading(logits, labels, prior, one=True),
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
