"""A case so large that a loop over single numbers, which is right, cannot be tried on it."""

from collections.abc import Iterable

from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.judge import AnyCase, Mistake, judge
from labkit.checks.engine.trial import LATE, Trial


def and_large(
    exercise: Exercise,
    trial: Trial,
    verdicts: tuple[Verdict, ...],
    name: str,
    case: AnyCase,
    mistakes: Iterable[Mistake],
) -> tuple[Verdict, ...]:
    """Where all `verdicts` hold: the same, of which the one called `name` looks at `case` too.

    An answer that is ended by its deadline there has been right, and is too slow to be tried: it
    keeps its points.
    """
    if not all(verdict.passed for verdict in verdicts):
        return verdicts
    large, form = judge(trial, {name: [case]}, mistakes, exercise.section, exercise.form)
    if LATE in large.message:
        return verdicts
    # The form counts once the first property holds, as it does without this case.
    judged = (large, form) if large.passed or name == verdicts[0].name else (large,)
    found = {verdict.name: verdict for verdict in judged}
    return tuple(found.get(verdict.name, verdict) for verdict in verdicts)
