"""From an exercise id and a function to verdicts, a score, and lines to read."""

import os
import re
import sys
import zlib
from collections.abc import Callable, Iterable
from typing import Any

from labkit.checks.engine import judge
from labkit.checks.engine.exercise import Exercise, Grade, Verdict
from labkit.checks.engine.trial import Trial, legible, one_line
from labkit.checks.registry import REGISTRY, TASKS
from labkit.errors import InputError

VISIBLE_SEED = 1
SEED_VARIABLE = "LABKIT_GRADING_SEED"
_PRINTED = (
    "it printed {}. This looks like 'a print left in': a function of a library returns its result, "
    "and who calls it decides what is shown"
)
_LEFT = (
    "it left {} in torch. This looks like 'a setting left behind': what follows in the notebook "
    "runs with it; a `with` block, such as torch.no_grad(), puts a setting back at its end"
)

_HINT = re.compile(r"This looks like ('.+?'): .*", re.DOTALL)


def grading_seed(text: str | None = None) -> int:
    """Seed of the inputs at grading, from `text` or the environment variable LABKIT_GRADING_SEED.

    Any text will do (a passphrase of the instructor); without one the seed is fixed, but still not
    the one of the visible checks.  Never raises: it runs in nbgrader's hidden cells.
    """
    text = os.environ.get(SEED_VARIABLE, "") if text is None else text
    return zlib.crc32(f"grading {text}".encode(errors="replace"))


def grade(id: str, function: Callable[..., Any] | None, *, seed: int) -> Grade:
    """Check `function` as the answer to exercise `id`, on inputs drawn from `seed`.

    Returns a `Grade` whose score is the share of properties that hold: a float in [0, 1] whatever
    the function does, short of ending the process.  `function` may be None (not defined).

    Raises:
        InputError: there is no exercise `id`.
    """
    exercise = _exercise(id)
    return grade_trial(exercise, Trial(function, exercise.function, exercise.forbids), seed)


def grade_trial(exercise: Exercise, trial: Trial, seed: int) -> Grade:
    """Check the function behind `trial`, wherever it runs; never raises on account of it.

    A function that printed has one verdict more, which fails, and so has one that left a setting
    of torch changed.
    """
    try:
        verdicts = judge.check(exercise, trial, seed)
        if trial.forbidden:
            verdicts = tuple(Verdict(verdict.name, False, trial.forbidden) for verdict in verdicts)
    except BaseException as error:  # a returned object may run code of its own when looked at
        message = f"the answer could not be judged: {type(error).__name__}: {one_line(error)}"
        verdicts = (Verdict("the check", False, message),)
    # They quote what came back, up to the names of classes.
    verdicts = tuple(Verdict(v.name, v.passed, legible(v.message)) for v in verdicts)
    if trial.noise:
        verdicts += (Verdict("prints nothing", False, _PRINTED.format(trial.noise)),)
    if trial.left:
        verdicts += (Verdict("leaves torch as it was", False, _LEFT.format(trial.left)),)
    score = sum(verdict.passed for verdict in verdicts) / max(len(verdicts), 1)
    return Grade(score, round(score * exercise.points, 4), exercise.points, verdicts)


def check(id: str, function: Callable[..., Any] | None) -> None:
    """Print what the check finds in `function`, one line per property; the visible cell.

    Raises:
        InputError: there is no exercise `id`.
    """
    result = grade(id, function, seed=VISIBLE_SEED)
    print("\n".join(lines(result.verdicts)))
    print(f"{result.points:.3g} of {result.out_of} points on these inputs")


def works(id: str, function: Callable[..., Any] | None) -> bool:
    """Whether `function` passes the visible check; says in one line what to do where it does not.

    Raises:
        InputError: there is no exercise `id`.
    """
    if grade(id, function, seed=VISIBLE_SEED).score == 1.0:
        return True
    print(f"The picture appears here once {_exercise(id).function} passes its check.")
    return False


def points(id: str, function: Callable[..., Any] | None, *, seed: int) -> float:
    """Print one line per property and return the points, for the last line of a graded cell.

    nbgrader takes the value of a cell's last expression as its score.

    Raises:
        InputError: there is no exercise `id`.
    """
    result = grade(id, function, seed=seed)
    print("\n".join(lines(result.verdicts)))
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if getattr(shell, "ast_node_interactivity", "") == "none":
        # Without a displayed value nbgrader would give full points; standard error means none.
        print("InteractiveShell.ast_node_interactivity must not be 'none' here.", file=sys.stderr)
    return min(max(float(result.points), 0.0), float(result.out_of))


def lines(verdicts: Iterable[Verdict]) -> list[str]:
    """One line per verdict; a message is not repeated where the verdict before had the same.

    A mistake is explained where it is first named: one mistake often shows in each property.
    """
    found, said, explained = [], "", set()
    for verdict in verdicts:
        again = not verdict.passed and verdict.message == said
        text = "as above" if again else verdict.message
        if hint := _HINT.search(text):
            if hint[0] in explained:
                text = f"{text[: hint.start()]}This looks like {hint[1]} again."
            explained.add(hint[0])
        found.append(str(Verdict(verdict.name, verdict.passed, text)))
        said = verdict.message or said
    return found


def _exercise(id: str) -> Exercise:
    if id in TASKS and id not in REGISTRY:
        raise InputError(f"{id!r} is answered in words; a person grades it, no check does.")
    if id not in REGISTRY:
        raise InputError(f"there is no exercise {id!r}; choose one of {', '.join(REGISTRY)}.")
    return REGISTRY[id]
