"""Right and wrong answers to the exercise `mrpc.evaluate`."""

import copy
import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from labkit.checks.engine.judge import Mistake

if TYPE_CHECKING:
    from torch import Tensor

    from labkit.checks.lent.classifier import TinyClassifier

TOKENS = 20

Batches = list[dict[str, "Tensor"]]


def examples(
    model: "TinyClassifier",
    batches: Batches,
    masked: bool = True,
    softmax: bool = False,
    above_zero: bool = False,
) -> "list[tuple[Tensor, Tensor]]":
    """For each batch the loss of each example and whether it is right, in float64.

    Each argument but the first two turns the answer into a mistake.
    """
    import torch

    model = copy.deepcopy(model).eval().double()
    found = []
    with torch.no_grad():
        for batch in batches:
            mask = batch["attention_mask"] if masked else None
            logits = model(input_ids=batch["input_ids"], attention_mask=mask).logits
            chosen = logits[:, 1] > 0 if above_zero else logits[:, 1] > logits[:, 0]
            scores = logits.softmax(1) if softmax else logits
            labels = batch["labels"]
            losses = scores.logsumexp(1) - scores.gather(1, labels[:, None])[:, 0]
            found.append((losses, (chosen.long() == labels).double()))
    return found


def _sums(found: "list[tuple[Tensor, Tensor]]") -> tuple[float, float, int]:
    """The sum of the losses, the number of right answers, the number of examples."""
    losses = sum(float(losses.sum()) for losses, _ in found)
    rights = sum(float(rights.sum()) for _, rights in found)
    return losses, rights, sum(len(losses) for losses, _ in found)


def means(model: "TinyClassifier", batches: Batches, empty: float = 0.0, **how: bool) -> dict:
    """The answer, or one with other `examples`, or with another value where there are none."""
    losses, rights, count = _sums(examples(model, batches, **how))
    if not count:
        return {"loss": empty, "accuracy": empty}
    return {"loss": losses / count, "accuracy": rights / count}


def _means_per_example(model: "TinyClassifier", batches: Batches) -> dict:
    """The loss from batch means that are added up and divided by the number of examples."""
    found = examples(model, batches)
    total, count = sum(float(losses.mean()) for losses, _ in found), _sums(found)[2]
    return means(model, batches) | {"loss": total / max(count, 1)}


def _batch_means(model: "TinyClassifier", batches: Batches, of: tuple[str, ...]) -> dict:
    """The means over the batches of what `of` names, and the right means of the rest."""
    found = examples(model, batches)
    answer = means(model, batches)
    for place, name in enumerate(("loss", "accuracy")):
        if name in of and found:
            answer[name] = sum(float(pair[place].mean()) for pair in found) / len(found)
    return answer


def _sums_for_means(model: "TinyClassifier", batches: Batches, of: tuple[str, ...]) -> dict:
    losses, rights, _ = _sums(examples(model, batches))
    sums = {"loss": losses, "accuracy": rights}
    return means(model, batches) | {name: sums[name] for name in of}


def _divided_by(model: "TinyClassifier", batches: Batches, what: Callable[..., int]) -> dict:
    """The sums over the examples, divided by the total of `what` over the batches."""
    losses, rights, _ = _sums(examples(model, batches))
    count = max(sum(what(batch) for batch in batches), 1)
    return {"loss": losses / count, "accuracy": rights / count}


def _percent(model: "TinyClassifier", batches: Batches) -> dict:
    answer = means(model, batches)
    return answer | {"accuracy": 100 * answer["accuracy"]}


def _logarithm(model: "TinyClassifier", batches: Batches, added: float) -> dict:
    """The loss by way of float32 probabilities, perhaps with something added to them."""
    found = examples(model, batches)
    losses = [-((-loss).exp().float() + added).log() for loss, _ in found]
    count = max(sum(map(len, losses)), 1)
    return means(model, batches) | {"loss": sum(float(loss.sum()) for loss in losses) / count}


_PARTS = (("loss", "accuracy"), ("loss",), ("accuracy",))

MISTAKES = (
    *(
        Mistake(
            "a mean of batch means",
            "the last batch is smaller, and its examples would count more than the others: add up "
            "over the examples and divide once",
            lambda model, batches, parts=parts: _batch_means(model, batches, parts),
        )
        for parts in _PARTS
    ),
    Mistake(
        "batch means divided by examples",
        "cross_entropy already divides by the rows of its batch: add up sums (reduction='sum'), or "
        "means times rows",
        _means_per_example,
    ),
    Mistake(
        "the keys of a batch counted",
        "a batch is a dict, whose len is the number of its keys: its examples are len(labels)",
        lambda model, batches: _divided_by(model, batches, len),
    ),
    *(
        Mistake(
            "tokens counted for examples",
            "a pair has one loss and one answer, however many tokens: count the rows of a batch",
            lambda model, batches, what=what: _divided_by(model, batches, what),
        )
        for what in (
            lambda batch: int(batch["attention_mask"].sum()),
            lambda batch: batch["input_ids"].numel(),
        )
    ),
    Mistake(
        "mask not passed",
        "without the attention mask the model reads the padding as text",
        lambda model, batches: means(model, batches, masked=False),
    ),
    *(
        Mistake(
            "the logarithm of 0",
            "the softmax of a logit far below the other is 0, and its logarithm infinite, or cut "
            "off: take cross_entropy or log_softmax of the logits",
            lambda model, batches, added=added: _logarithm(model, batches, added),
        )
        for added in (0.0, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6)
    ),
    Mistake(
        "softmax before the cross-entropy",
        "cross_entropy takes logits and does the softmax itself",
        lambda model, batches: means(model, batches, softmax=True),
    ),
    *(
        Mistake(
            "a sum for the mean",
            "the sum over the examples still has to be divided by their number",
            lambda model, batches, parts=parts: _sums_for_means(model, batches, parts),
        )
        for parts in _PARTS
    ),
    Mistake(
        "a logit above 0 for the answer",
        "the answer is the larger of the two logits, whatever their signs",
        lambda model, batches: means(model, batches, above_zero=True),
    ),
    Mistake("percent", "an accuracy runs from 0 to 1", _percent),
    Mistake(
        "0/0",
        "without batches both are 0.0",
        lambda model, batches: means(model, batches, empty=math.nan),
        error="ZeroDivisionError",
    ),
    Mistake(
        "labels handed to the model",
        "this model gives logits and no loss: compute the loss from the logits and the labels",
        error="unexpected keyword argument 'labels'",
    ),
)
