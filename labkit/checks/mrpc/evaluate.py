"""The exercise `mrpc.evaluate`: the loop that evaluates a classifier batch by batch.

Its text promises batches of any sizes from one row on, or none, logits however far apart, a model
in either mode, some of whose parameters may be frozen; the mode and what is trained are put back.
"""

import copy
from random import Random
from typing import TYPE_CHECKING, Any

from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.judge import Groups, Mistake, counts_once
from labkit.checks.engine.trial import Failure, Trial
from labkit.checks.engine.value_cases import Case
from labkit.checks.mrpc.evaluate_answers import MISTAKES, TOKENS, Batches, examples, means

if TYPE_CHECKING:
    from torch import Tensor

    from labkit.checks.lent.classifier import TinyClassifier


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
            return TinyClassifier(TOKENS, 6, self._generator).train(training)

    def batch(self, rows: int, padded: bool) -> dict[str, "Tensor"]:
        """Rows of tokens, all of one length or with padding behind all but the first."""
        import torch

        number = self.random.randint
        width = number(4, 7)
        lengths = [width, *(number(1, width - 2) if padded else width for _ in range(rows - 1))]
        ids = torch.tensor([[number(1, TOKENS - 1) for _ in range(width)] for _ in lengths])
        mask = (torch.arange(width) < torch.tensor(lengths)[:, None]).long()
        return {"input_ids": ids * mask, "attention_mask": mask}

    def both(
        self,
        sizes: tuple[int, ...],
        wrong: tuple[int, ...],
        training: bool = False,
        padded: bool = False,
        sure: float = 0.0,
        frozen: bool = False,
    ) -> tuple["TinyClassifier", Batches]:
        """A model and batches of these sizes, in each of which so many answers are wrong.

        Where `sure` is given, the logits have a sum of 0, and the largest of all is so large.
        """
        import torch

        tiny, batches = self.model(training), []
        tiny.words.requires_grad_(not frozen)
        for size, errors in zip(sizes, wrong, strict=True):
            one = self.batch(size, padded) | {"labels": torch.zeros(size, dtype=torch.int64)}
            ((_, called_0),) = examples(tiny, [one])
            one["labels"] = 1 - called_0.long()
            for row in self.random.sample(range(size), errors):
                one["labels"][row] = 1 - one["labels"][row]
            batches.append(one)
        if sure:
            twin = copy.deepcopy(tiny)  # tiny keeps a record of its calls
            with torch.no_grad():
                logits = [twin(b["input_ids"], b["attention_mask"]).logits for b in batches]
                scale = sure / torch.cat(logits).diff(dim=1).abs().max()
                for parameter in tiny.head.parameters():
                    first, second = parameter.clone()
                    parameter[0], parameter[1] = scale * (first - second), scale * (second - first)
        return tiny, batches

    def near(self) -> tuple["TinyClassifier", Batches]:
        """Logits of 0.1 and the next larger number: their probabilities are equal numbers."""
        import torch

        tiny = self.model()
        with torch.no_grad():
            for parameter in tiny.parameters():
                parameter.zero_()
            tiny.head.weight[0, 0] = tiny.head.weight[1, 1] = 1.0
            tiny.words.weight[:, 0] = 0.1
            tiny.words.weight[:, 1] = torch.nextafter(tiny.words.weight[:, 0], torch.ones(()))
        one = self.batch(4, False)
        # Rows of one token: nothing is averaged, no digit is lost.
        one = {name: part[:, :1].clone() for name, part in one.items()}
        return tiny, [one | {"labels": torch.tensor([1, 0, 1, 1])}]

    def many(self) -> tuple["TinyClassifier", Batches]:
        """A batch of 33041 right answers: an int16 ends before, and float16 says 33056."""
        import torch

        tiny, rows = self.model(), 33_100
        ids = 1 + torch.arange(rows)[:, None] % (TOKENS - 1)
        one = {"input_ids": ids, "attention_mask": torch.ones_like(ids)}
        labels = torch.zeros(rows, dtype=torch.int64)
        ((_, called_0),) = examples(tiny, [one | {"labels": labels}])
        labels = 1 - called_0.long()
        labels[: rows - 33_041] ^= 1
        return tiny, [one | {"labels": labels}]


def _cases(draw: Random) -> Groups:
    """Inputs of `evaluate(model, batches)`."""
    draws = _Draws(draw)
    drawn = draws.both

    def case(tiny: "TinyClassifier", batches: Batches, note: str = "") -> Case:
        sizes = ", ".join(str(len(batch["labels"])) for batch in batches)
        shown = f"a small classifier, {f'batches of {sizes}' if sizes else '[]'}"
        return Case((tiny, batches), means(tiny, batches), note, 1e-4, 1e-6, shown)

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
            case(*drawn((1, 1, 1), (0, 1, 0)), "batches of one"),
            case(*drawn((301,), (30,)), "a large batch"),
            case(*draws.many(), "tens of thousands in a batch"),
            case(*draws.near(), "logits that differ in the last digit"),
            case(*drawn((4, 2), (1, 0), frozen=True), "frozen embeddings"),
        ],
        "sure and wrong": [
            case(*drawn((6, 3), (5, 3), sure=300.0), "logits far apart"),
            case(*drawn((9,), (9,), sure=300.0), "logits far apart, all wrong"),
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
        for training, sizes in ((True, (4, 3)), (False, (4, 3)), (True, ())):
            trial(*draws.both(sizes, (1, 2)[: len(sizes)], training=training))
            models.append(trial.after[0])
        problem = _misused(models[:2], exercise.section)
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
    """What is wrong with the mode of the models, of which the last one got no batches."""
    for was, model in zip((True, False, True), models, strict=True):
        if model.training != was:
            before, now = ("training" if on else "evaluation" for on in (was, model.training))
            without = "" if model.calls else ", where there are no batches"
            text = f"the model came in {before} mode and was left in {now} mode{without}."
            return f"{text} {_LEFT.hint(section)}"
    return ""


TASK = Exercise(
    id="mrpc.evaluate",
    title="The evaluation loop",
    objective="Evaluate a classifier batch by batch, with means over examples and dropout off.",
    function="evaluate",
    cases=_cases,
    mistakes=MISTAKES,
    more=_modes,
    forbids=("sklearn", "evaluate"),
    points=6,
    minutes=25,
    difficulty=2,
)
