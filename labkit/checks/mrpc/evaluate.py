"""The exercise `mrpc.evaluate`: the loop that evaluates a classifier batch by batch."""

import copy
import math
from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.compare_values import Case
from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.judge import Groups, Mistake, counts_once
from labkit.checks.engine.trial import Failure, Trial

if TYPE_CHECKING:
    from torch import Tensor

    from labkit.checks.lent.classifier import TinyClassifier

_TOKENS = 20

Batches = list[dict[str, "Tensor"]]


def _examples(
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


def _means(model: "TinyClassifier", batches: Batches, empty: float = 0.0, **how: bool) -> dict:
    losses, rights, count = _sums(_examples(model, batches, **how))
    if not count:
        return {"loss": empty, "accuracy": empty}
    return {"loss": losses / count, "accuracy": rights / count}


def _means_per_example(model: "TinyClassifier", batches: Batches) -> dict:
    """The loss from batch means that are added up and divided by the number of examples."""
    found = _examples(model, batches)
    total, count = sum(float(losses.mean()) for losses, _ in found), _sums(found)[2]
    return _means(model, batches) | {"loss": total / max(count, 1)}


def _batch_means(model: "TinyClassifier", batches: Batches, of: tuple[str, ...]) -> dict:
    """The means over the batches of what `of` names, and the right means of the rest."""
    found = _examples(model, batches)
    answer = _means(model, batches)
    for place, name in enumerate(("loss", "accuracy")):
        if name in of and found:
            answer[name] = sum(float(pair[place].mean()) for pair in found) / len(found)
    return answer


def _sums_for_means(model: "TinyClassifier", batches: Batches, of: tuple[str, ...]) -> dict:
    losses, rights, _ = _sums(_examples(model, batches))
    sums = {"loss": losses, "accuracy": rights}
    return _means(model, batches) | {name: sums[name] for name in of}


def _divided_by(model: "TinyClassifier", batches: Batches, what: Callable[..., int]) -> dict:
    """The sums over the examples, divided by the total of `what` over the batches."""
    losses, rights, _ = _sums(_examples(model, batches))
    count = max(sum(what(batch) for batch in batches), 1)
    return {"loss": losses / count, "accuracy": rights / count}


def _percent(model: "TinyClassifier", batches: Batches) -> dict:
    answer = _means(model, batches)
    return answer | {"accuracy": 100 * answer["accuracy"]}


_PARTS = (("loss", "accuracy"), ("loss",), ("accuracy",))

_MISTAKES = (
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
        lambda model, batches: _means(model, batches, masked=False),
    ),
    Mistake(
        "softmax before the cross-entropy",
        "cross_entropy takes logits and does the softmax itself",
        lambda model, batches: _means(model, batches, softmax=True),
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
        lambda model, batches: _means(model, batches, above_zero=True),
    ),
    Mistake("percent", "an accuracy runs from 0 to 1", _percent),
    Mistake(
        "0/0",
        "without batches both are 0.0",
        lambda model, batches: _means(model, batches, empty=math.nan),
        error="ZeroDivisionError",
    ),
    Mistake(
        "labels handed to the model",
        "this model gives logits and no loss: compute the loss from the logits and the labels",
        error="unexpected keyword argument 'labels'",
    ),
)


class _Draws:
    """Models and batches drawn from a seed, such that each known misconception shows on them."""

    def __init__(self, draw: Random) -> None:
        import torch

        self.random = draw
        self._generator = torch.Generator().manual_seed(draw.randrange(2**31))

    def model(self, training: bool = False) -> "TinyClassifier":
        import torch

        from labkit.checks.lent.classifier import TinyClassifier

        # A new module draws its weights first: the student's own random numbers stay as they are.
        with torch.random.fork_rng(devices=[]):
            return TinyClassifier(_TOKENS, 6, self._generator).train(training)

    def batch(self, rows: int, padded: bool) -> dict[str, "Tensor"]:
        """Rows of tokens, all of one length or with padding behind all but the first."""
        import torch

        number = self.random.randint
        width = number(4, 7)
        lengths = [width, *(number(1, width - 2) if padded else width for _ in range(rows - 1))]
        ids = torch.tensor([[number(1, _TOKENS - 1) for _ in range(width)] for _ in lengths])
        mask = (torch.arange(width) < torch.tensor(lengths)[:, None]).long()
        return {"input_ids": ids * mask, "attention_mask": mask}

    def both(
        self,
        sizes: tuple[int, ...],
        wrong: tuple[int, ...],
        training: bool = False,
        padded: bool = False,
    ) -> tuple["TinyClassifier", Batches]:
        """A model and batches of these sizes, in each of which so many answers are wrong."""
        import torch

        tiny, batches = self.model(training), []
        for size, errors in zip(sizes, wrong, strict=True):
            one = self.batch(size, padded) | {"labels": torch.zeros(size, dtype=torch.int64)}
            ((_, called_0),) = _examples(tiny, [one])
            one["labels"] = 1 - called_0.long()
            for row in self.random.sample(range(size), errors):
                one["labels"][row] = 1 - one["labels"][row]
            batches.append(one)
        return tiny, batches


def _cases(draw: Random) -> Groups:
    """Inputs of `evaluate(model, batches)`."""
    draws = _Draws(draw)
    drawn = draws.both

    def case(tiny: "TinyClassifier", batches: Batches, note: str = "") -> Case:
        sizes = ", ".join(str(len(batch["labels"])) for batch in batches)
        shown = f"a small classifier, {f'batches of {sizes}' if sizes else '[]'}"
        return Case((tiny, batches), _means(tiny, batches), note, 1e-4, 1e-6, shown)

    return {
        "means over the examples": [
            case(*drawn((5, 5, 2), (1, 0, 2))),
            case(*drawn((6, 6, 6, 1), (0, 2, 1, 1))),
            case(*drawn((8, draw.randint(2, 4)), (7, 0))),
        ],
        "the mask is used": [
            case(*drawn((4, 4, 1), (1, 0, 1), padded=True), "padded"),
            case(*drawn((6, 3), (1, 3), padded=True), "padded"),
        ],
        "extremes": [
            case(draws.model(), [], "no batches"),
            case(*drawn((1,), (0,)), "one example"),
            case(*drawn((4,), (4,)), "all wrong"),
            case(*drawn((5, 2), (0, 0)), "all right"),
        ],
    }


_DROPOUT = Mistake("training mode left on", "call model.eval() before the first batch")
_GRADIENTS = Mistake(
    "gradients kept", "they cost memory that is never used: call the model under torch.no_grad()"
)
_LEFT = Mistake("mode not restored", "keep model.training and set it again at the end")


def _modes(
    exercise: Exercise, trial: Trial, draw: Random, verdicts: tuple[Verdict, ...]
) -> tuple[Verdict, ...]:
    """Verdicts on the mode of the model during the call and after it, besides the others."""
    draws, models = _Draws(draw), []
    try:
        for training in (True, False):
            trial(*draws.both((4, 3), (1, 2), training=training))
            models.append(trial.after[0])
        problem = _misused(models, exercise.section)
    except Failure as failure:
        problem = str(failure)
    during = Verdict("evaluation mode, without gradients", not problem, problem)
    left = counts_once(during) if problem else _left(models, exercise.section)
    return (*verdicts, during, Verdict("the mode is restored", not left, left))


def _misused(models: list[Any], section: str) -> str:
    """What is wrong with the calls of the models, in words."""
    calls = [call for model in models for call in model.calls]
    if not all(model.calls for model in models):
        return "the model was never called."
    if any(dropout for dropout, _ in calls):
        return f"the model was called with dropout on. {_DROPOUT.hint(section)}"
    if any(gradients for _, gradients in calls):
        return f"the model was called with gradients on. {_GRADIENTS.hint(section)}"
    return ""


def _left(models: list[Any], section: str) -> str:
    """What is wrong with the mode of the models, which came in training and in evaluation mode."""
    for was, model in zip((True, False), models, strict=True):
        if model.training != was:
            before, now = ("training" if on else "evaluation" for on in (was, model.training))
            text = f"the model came in {before} mode and was left in {now} mode."
            return f"{text} {_LEFT.hint(section)}"
    return ""


TASK = Exercise(
    id="mrpc.evaluate",
    lab="mrpc",
    title="The evaluation loop",
    objective="Evaluate a classifier batch by batch, with means over examples and dropout off.",
    section="book/03-mrpc.md#mrpc.evaluate",
    function="evaluate",
    cases=_cases,
    mistakes=_MISTAKES,
    more=_modes,
    forbids=("sklearn", "evaluate"),
    points=6,
    minutes=25,
    difficulty=2,
)
