"""Run a student's function on cases, compare what comes back, and find the words for it.

An exercise gives groups of cases; each group is one property and one verdict.  A known
misconception is written down as the function that someone who holds it would write: where it
gives what the student gave, on each case of the group, the verdict names it.  What a case holds
and how its result is compared is the case's (`value_cases`, `mask_cases`).
"""

import functools
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.trial import HINT, Failure, Trial


class AnyCase(Protocol):
    """One call: what goes in, and how what comes back is read and compared."""

    def describe(self, function: str) -> str:
        """The call in the words of the student."""

    def given(self) -> tuple:
        """The arguments of the call; those of one call may be changed by it."""

    def changed(self, after: tuple) -> str:
        """What the call has done to its arguments, in words; empty where it has kept them."""

    def read(self, value: Any, after: tuple) -> tuple[Any, str]:
        """What there is to compare in the value, and what is off about its form, in words.

        Raises:
            Failure: there is nothing to compare; the message says why.
        """

    def problem(self, value: Any) -> str:
        """What is wrong with a value that was read, in words; empty where it is right."""

    def same(self, value: Any, answer: Callable[..., Any]) -> bool:
        """Whether `answer` gives for the arguments what was read; it may raise."""


Groups = Mapping[str, Sequence[AnyCase]]
"""Cases by the name of the property that they show."""


@dataclass(frozen=True)
class Mistake:
    """A misconception: `name`, what it does, and the `answer` (or part of the `error`) it gives.

    `answer` takes the case's arguments, as the student's function does, and may raise: then the
    mistake gives no value there.
    """

    name: str
    explanation: str
    answer: Callable[..., Any] | None = None
    error: str = ""

    def hint(self, section: str) -> str:
        """The sentence by which a verdict names it, with what to read."""
        return f"{HINT}{self.name}': {self.explanation}. Read {section}"


@dataclass(frozen=True, eq=False)
class _Result:
    """What came of one case: a value, or a problem that left none; what is off about its form."""

    case: AnyCase
    value: Any = None
    problem: str = ""
    form: str = ""
    anywhere: bool = False
    known: dict[int, bool] = field(default_factory=dict)
    """Which mistakes, by their ids, lead to it: each wrong result of a group asks again."""


def check(exercise: Exercise, trial: Trial, seed: int) -> tuple[Verdict, ...]:
    """The verdicts of `exercise` on the function behind `trial`, on inputs drawn from `seed`."""
    if getattr(trial, "apart", False):
        drawn = _drawn(exercise.id, exercise.cases, seed)
        groups, trial.packed = drawn.groups, drawn.packed
        draw = random.Random()
        draw.setstate(drawn.state)
    else:  # some cases hand out what is theirs, and a function may change it
        draw = _random(exercise.id, seed)
        groups = exercise.cases(draw)
    verdicts = judge(trial, groups, exercise.mistakes, exercise.section, exercise.form)
    return exercise.more(exercise, trial, draw, verdicts) if exercise.more else verdicts


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Cases of an exercise, and the state of what they were drawn from.

    `packed` holds by the ids of the cases what is sent for them, None where that was not yet.
    """

    groups: Groups
    state: Any
    packed: dict[int, bytes | None]


@functools.lru_cache(maxsize=16)
def _drawn(id: str, cases: Callable[[random.Random], Groups], seed: int) -> _Drawn:
    """Drawn once for a whole class: answers in other processes get copies, and change nothing."""
    draw = _random(id, seed)
    groups = cases(draw)
    return _Drawn(groups, draw.getstate(), dict.fromkeys(_ids(groups)))


def _ids(groups: Groups) -> Iterator[int]:
    return (id(case) for group in groups.values() for case in group)


def _random(id: str, seed: int) -> random.Random:
    # With the id: exercises do not see the same numbers.
    return random.Random(f"{id} {seed}")


def judge(
    trial: Trial,
    groups: Groups,
    mistakes: Iterable[Mistake],
    section: str,
    form: str = "the input is kept",
) -> tuple[Verdict, ...]:
    """One verdict per group, and one named `form` on changed arguments and the form of results.

    The last one looks at all calls, and counts only once the first group holds: else a function
    that does nothing would earn it.
    """
    mistakes = list(mistakes)
    results = {name: [_try(trial, case) for case in cases] for name, cases in groups.items()}
    everything = [result for group in results.values() for result in group]
    verdicts = [
        _verdict(name, group, everything, mistakes, trial.name, section)
        for name, group in results.items()
    ]
    flaw = next((result.form for result in everything if result.form), "")
    if not verdicts[0].passed:
        flaw = flaw or counts_once(verdicts[0])
    return (*verdicts, Verdict(form, not flaw, flaw))


def counts_once(first: Verdict) -> str:
    """What to say of a property that is earned only where another one holds."""
    return f"counts once '{first.name}' holds"


def _try(trial: Trial, case: AnyCase) -> _Result:
    """Call the function on the case and read what it returns."""
    value, problem, flaw, anywhere = None, "", "", False
    try:
        # One that runs apart knows what it has sent for the case before.
        value = trial.on(case) if getattr(trial, "apart", False) else trial(*case.given())
    except Failure as failure:
        problem, anywhere = str(failure), failure.anywhere
    changed = case.changed(trial.after)
    if not problem:
        try:
            value, flaw = case.read(value, trial.after)
        except Failure as failure:
            problem = str(failure)
        except BaseException as error:  # looking at the value runs code of its class
            problem = f"looking at the result raised {type(error).__name__}"
    flaw = changed or flaw
    form = f"tried {case.describe(trial.name)}; {flaw}" if flaw else ""
    return _Result(case, None if problem else value, problem, form, anywhere)


def _verdict(
    name: str,
    group: list[_Result],
    everything: list[_Result],
    mistakes: list[Mistake],
    function: str,
    section: str,
) -> Verdict:
    """The first problem of the group, or the first one that has a name."""
    wrong = [(result, text) for result in group if (text := _problem(result, function))]
    if not wrong:
        return Verdict(name, True)
    for result, text in wrong:
        # A failure that has a name teaches more than the first one in order.
        if mistake := _recognise(result, group, everything, mistakes):
            return Verdict(name, False, f"{text} {mistake.hint(section)}")
    return Verdict(name, False, wrong[0][1])


def _problem(result: _Result, function: str) -> str:
    """What was tried, what came back, what was expected; empty where the result is right."""
    problem = result.problem.rstrip(".")
    if not problem:
        try:
            problem = result.case.problem(result.value)
        except BaseException as error:  # as above
            problem = f"looking at the result raised {type(error).__name__}"
    if not problem or result.anywhere:
        return problem and f"{problem}."
    return f"tried {result.case.describe(function)}; {problem}."


def _recognise(
    result: _Result, group: list[_Result], everything: list[_Result], mistakes: list[Mistake]
) -> Mistake | None:
    """The misconception that leads to this result, if one does.

    It has to explain each value of the group: on a single small input many do, by chance.
    """
    if result.problem:
        fits = [m for m in mistakes if m.error and m.error in result.problem]
    else:
        valued = [other for other in group if not other.problem]
        fits = [m for m in mistakes if m.answer and all(_leads_to(m, other) for other in valued)]
    if len(fits) < 2:
        return fits[0] if fits else None
    # Where several do, take the one that explains most of the other calls.
    return max(fits, key=lambda m: sum(_leads_to(m, other) for other in everything))


def _leads_to(mistake: Mistake, result: _Result) -> bool:
    if id(mistake) not in result.known:
        result.known[id(mistake)] = _gives(mistake, result)
    return result.known[id(mistake)]


def _gives(mistake: Mistake, result: _Result) -> bool:
    if result.problem or not mistake.answer:
        return False
    try:
        return result.case.same(result.value, mistake.answer)
    except BaseException:  # the mistake gives nothing here, or the value cannot be looked at
        return False
