"""The exercise `mrpc.evaluate`: the loop that evaluates a classifier batch by batch."""

import copy
import math
import random
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.compare_values import Case, Mistake, judge
from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.trial import Failure, Trial

if TYPE_CHECKING:
    from torch import Tensor

    from labkit.checks.lent.classifier import TinyClassifier

_ID = "mrpc.evaluate"
_SECTION = f"book/03-mrpc.md#{_ID}"
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


def _check(trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """Verdicts on `evaluate(model, batches)`."""
    import torch

    from labkit.checks.lent.classifier import TinyClassifier

    draw = random.Random(f"{_ID} {seed}")
    generator = torch.Generator().manual_seed(draw.randrange(2**31))
    number = draw.randint

    def model(training: bool = False) -> "TinyClassifier":
        # A new module draws its weights first: the student's own random numbers stay as they are.
        with torch.random.fork_rng(devices=[]):
            return TinyClassifier(_TOKENS, 6, generator).train(training)

    def batch(rows: int, padded: bool) -> dict[str, "Tensor"]:
        """Rows of tokens, all of one length or with padding behind all but the first."""
        width = number(4, 7)
        lengths = [width, *(number(1, width - 2) if padded else width for _ in range(rows - 1))]
        ids = torch.tensor([[number(1, _TOKENS - 1) for _ in range(width)] for _ in lengths])
        mask = (torch.arange(width) < torch.tensor(lengths)[:, None]).long()
        return {"input_ids": ids * mask, "attention_mask": mask}

    def drawn(
        sizes: tuple[int, ...], wrong: tuple[int, ...], training: bool = False, padded: bool = False
    ) -> tuple["TinyClassifier", Batches]:
        """A model and batches of these sizes, in each of which so many answers are wrong."""
        tiny, batches = model(training), []
        for size, errors in zip(sizes, wrong, strict=True):
            one = batch(size, padded) | {"labels": torch.zeros(size, dtype=torch.int64)}
            ((_, called_0),) = _examples(tiny, [one])
            one["labels"] = 1 - called_0.long()
            for row in draw.sample(range(size), errors):
                one["labels"][row] = 1 - one["labels"][row]
            batches.append(one)
        return tiny, batches

    def case(tiny: "TinyClassifier", batches: Batches, note: str = "") -> Case:
        sizes = ", ".join(str(len(batch["labels"])) for batch in batches)
        shown = f"{trial.name}(a small classifier, {f'batches of {sizes}' if sizes else '[]'})"
        return Case((tiny, batches), _means(tiny, batches), note, 1e-4, 1e-6, shown)

    groups = {
        "means over the examples": [
            case(*drawn((5, 5, 2), (1, 0, 2))),
            case(*drawn((6, 6, 6, 1), (0, 2, 1, 1))),
            case(*drawn((8, number(2, 4)), (7, 0))),
        ],
        "the mask is used": [
            case(*drawn((4, 4, 1), (1, 0, 1), padded=True), "padded"),
            case(*drawn((6, 3), (1, 3), padded=True), "padded"),
        ],
        "extremes": [
            case(model(), [], "no batches"),
            case(*drawn((1,), (0,)), "one example"),
            case(*drawn((4,), (4,)), "all wrong"),
            case(*drawn((5, 2), (0, 0)), "all right"),
        ],
    }
    verdicts = judge(trial, groups, _MISTAKES, _SECTION)
    runs = [_run(trial, *drawn((4, 3), (1, 2), training=training)) for training in (True, False)]
    return (*verdicts, *_modes(runs))


def _run(trial: Trial, model: "TinyClassifier", batches: Batches) -> dict[str, Any]:
    """How the function used the model, with a `problem` where it gave no value."""
    before, problem = model.training, ""
    try:
        trial(model, batches)
    except Failure as failure:
        problem = str(failure)
    after = trial.after[0]
    return {"before": before, "problem": problem, "calls": after.calls, "after": after.training}


def _modes(runs: list[dict[str, Any]]) -> list[Verdict]:
    """Verdicts on the mode of the model during the call and after it."""

    def looks_like(name: str, explanation: str) -> str:
        return f"This looks like '{name}': {explanation}. Read {_SECTION}"

    during, after = "evaluation mode, without gradients", "the mode is restored"
    problem = next((run["problem"] for run in runs if run["problem"]), "")
    calls = [call for run in runs for call in run["calls"]]
    if not problem and not all(run["calls"] for run in runs):
        problem = "the model was never called."
    if not problem and any(dropout for dropout, _ in calls):
        problem = "the model was called with dropout on. " + looks_like(
            "training mode left on", "call model.eval() before the first batch"
        )
    if not problem and any(gradients for _, gradients in calls):
        problem = "the model was called with gradients on. " + looks_like(
            "gradients kept",
            "they cost memory that is never used: call the model under torch.no_grad()",
        )
    if problem:
        return [
            Verdict(during, False, problem),
            Verdict(after, False, f"counts once '{during}' holds"),
        ]
    for run in runs:
        if run["after"] != run["before"]:
            was, now = ("training" if on else "evaluation" for on in (run["before"], run["after"]))
            text = f"the model came in {was} mode and was left in {now} mode. " + looks_like(
                "mode not restored", "keep model.training and set it again at the end"
            )
            return [Verdict(during, True), Verdict(after, False, text)]
    return [Verdict(during, True), Verdict(after, True)]


TASK = Exercise(
    id=_ID,
    lab="mrpc",
    title="The evaluation loop",
    objective="Evaluate a classifier batch by batch, with means over examples and dropout off.",
    section=_SECTION,
    function="evaluate",
    check=_check,
    forbids=("sklearn", "evaluate"),
    points=6,
    minutes=25,
    difficulty=2,
)
