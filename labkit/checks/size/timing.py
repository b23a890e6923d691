"""The exercise `size.timing`: a median and quartiles after a warm-up.

Its text promises any number of calls, of microseconds or of seconds, equal ones and ones too short
for the clock, a warm-up that need not be slower, and a clock that stands anywhere.
"""

import math
from collections.abc import Callable
from functools import partial
from random import Random
from typing import Any

from labkit.checks.engine.exercise import Exercise, Verdict
from labkit.checks.engine.judge import Groups, Mistake, counts_once
from labkit.checks.engine.trial import Failure, Trial
from labkit.checks.engine.value_cases import Case
from labkit.checks.lent.clock import Clock, Work


def _quantile(values: list[float], share: float) -> float:
    """The quantile at `share`, interpolated between the two values around it."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


def _exclusive(values: list[float], share: float) -> float:
    """As `statistics.quantiles`: of two times, the quartiles lie outside."""
    ordered = sorted(values)
    if len(ordered) == 1:
        return ordered[0]
    place = share * (len(ordered) + 1) - 1
    below = min(max(math.floor(place), 0), len(ordered) - 2)
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])


def _at(values: list[float], share: float) -> float:
    """The time at the index that many would write down, sorted[share * n]."""
    return sorted(values)[int(share * len(values))]


def _durations(work: Work, clock: Clock, runs: int) -> list[float]:
    times = []
    for _ in range(runs):
        start = clock()
        work()
        times.append(clock() - start)
    return times


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _summary(
    times: list[float],
    middle: Callable[[list[float]], float] = lambda times: _quantile(times, 0.5),
    quantile: Callable[[list[float], float], float] = _quantile,
) -> dict[str, float]:
    return {"median": middle(times), "low": quantile(times, 0.25), "high": quantile(times, 0.75)}


def _measured(skipped: Callable[[int], int] = int, **how: Any) -> Callable[..., dict[str, float]]:
    """Someone's `time_calls`, who runs `skipped(warmup)` calls untimed and sums up by `how`."""

    def time_calls(work: Work, clock: Clock, warmup: int, repeats: int) -> dict[str, float]:
        _durations(work, clock, skipped(warmup))
        return _summary(_durations(work, clock, repeats), **how)

    return time_calls


def _warm_up_timed(work: Work, clock: Clock, warmup: int, repeats: int) -> dict[str, float]:
    return _summary(_durations(work, clock, warmup + repeats))


def _around_all(work: Work, clock: Clock, warmup: int, repeats: int) -> dict[str, float]:
    _durations(work, clock, warmup)
    return _summary([_mean(_durations(work, clock, repeats))])


def _float32_readings(work: Work, clock: Clock, warmup: int, repeats: int) -> dict[str, float]:
    import torch

    _durations(work, clock, warmup)
    readings = []
    for _ in range(repeats):
        start = clock()
        work()
        readings.append((start, clock()))
    starts, ends = torch.tensor(readings, dtype=torch.float32).T
    return _summary((ends - starts).tolist())


def _milliseconds(work: Work, clock: Clock, warmup: int, repeats: int) -> dict[str, float]:
    right = _measured()(work, clock, warmup, repeats)
    return {key: 1000 * value for key, value in right.items()}


_MISTAKES = (
    Mistake(
        "warm-up timed",
        "the warm-up calls are slower for reasons that pass; run them, and leave their times out",
        _warm_up_timed,
    ),
    Mistake(
        "no warm-up",
        "call work() `warmup` times before the first timed call",
        _measured(lambda warmup: 0),
    ),
    Mistake(
        "one warm-up only",
        "`warmup` says how many calls go untimed; it may be 0, 1 or more",
        _measured(lambda warmup: 1),
    ),
    Mistake(
        "mean for median",
        "one slow call moves the mean; the median is the middle one of the sorted times",
        _measured(middle=_mean),
    ),
    *(
        Mistake(
            "one of the two middle times",
            "the median of an even number of times lies halfway between the two in the middle; "
            "torch.median returns the lower one",
            _measured(middle=middle),
        )
        for middle in (
            lambda times: sorted(times)[(len(times) - 1) // 2],
            lambda times: sorted(times)[len(times) // 2],
        )
    ),
    Mistake(
        "one timing around all",
        "the time of all calls divided by their number is a mean and has no quartiles; "
        "read the clock before and after each call",
        _around_all,
    ),
    Mistake(
        "extremes for quartiles",
        "the smallest and the largest time depend on single calls; a quarter of the times lies "
        "below low, a quarter above high",
        _measured(
            quantile=lambda times, share: {0.25: min(times), 0.75: max(times)}[share],
        ),
    ),
    Mistake(
        "exclusive quartiles",
        "the quartiles stand at 0.25 (n - 1) and 0.75 (n - 1) of the sorted times, counted from 0, "
        "as in numpy.quantile; statistics.quantiles does so with method='inclusive'",
        _measured(quantile=_exclusive),
    ),
    *(
        Mistake(
            "quartiles not interpolated",
            "where a quartile falls between two times, go the fraction of the way from one to the "
            "next",
            answer,
        )
        for answer in (
            _measured(quantile=lambda times, share: sorted(times)[int(share * (len(times) - 1))]),
            _measured(quantile=_at),
            _measured(quantile=_at, middle=lambda times: _at(times, 0.5)),
        )
    ),
    Mistake(
        "one time",
        "`repeats` may be 1: then that time is the median and both quartiles",
        error="at least two data points",
    ),
    Mistake(
        "float32 readings",
        "a float32 has seven digits, and a clock may stand at millions of seconds: subtract two "
        "readings before you make a tensor of them",
        _float32_readings,
    ),
    Mistake(
        "milliseconds",
        "the clock counts seconds, and so does the answer",
        _milliseconds,
    ),
)


class _Case(Case):
    def describe(self, function: str) -> str:
        """As `Case.describe`, and how long the calls take."""
        work, _, warmup, repeats = self.arguments
        times = f"calls take {', '.join(f'{time:.6g}' for time in work.durations[:-1])} s"
        call = f"{function}(work, clock, {warmup}, {repeats}), {times}"
        return call + (f" [{self.note}]" if self.note else "")


def _case(
    draws: Random,
    slow: list[float],
    times: list[float],
    warmup: int,
    note: str = "",
    now: float | None = None,
) -> _Case:
    """Calls that take `slow`, then `times`: exact binary fractions, as all times here."""
    # As long after its start as a machine may be: float32 loses the fractions.
    clock = Clock(draws.randint(5 * 10**6, 9 * 10**6) + 0.25 if now is None else now)
    durations = slow + times
    work = Work(clock, [*durations, 64.0])
    arguments = (work, clock, warmup, len(durations) - warmup)
    return _Case(arguments, _summary(durations[warmup:]), note, atol=0.0)


def _slow(draws: Random, count: int) -> list[float]:
    return [4.0 + index + draws.randint(0, 3) / 4 for index in range(count)][::-1]


def _times(draws: Random, count: int) -> list[float]:
    """Different times, one far above the others: the mean is far from the median."""
    drawn = [k / 16 for k in draws.sample(range(4, 12), count - 1)] + [2.5]
    draws.shuffle(drawn)
    return drawn


def _many(draws: Random, count: int) -> list[float]:
    """Different times in any order, one far above the others."""
    return [k / 64 for k in draws.sample(range(16, 80), count - 1)] + [2.5]


def _short(draws: Random, count: int) -> list[float]:
    """Different times of 0.1 to 30 microseconds, which no float16 holds, in any order."""
    drawn = [k / 2**30 for k in draws.sample(range(101, 2**15), count - 1)]
    return [*drawn, 5001 / 2**30]


def _cases(draws: Random) -> Groups:
    """Inputs of `time_calls(work, clock, warmup, repeats)`."""
    case, slow, times = (partial(draw, draws) for draw in (_case, _slow, _times))
    return {
        "median and quartiles after the warm-up": [
            case(slow(2), times(5), 2),
            case(slow(3), times(7), 3),
            case(slow(3), times(6), 3, "an even number of times"),
        ],
        "few or equal times": [
            case(slow(2), times(2), 2, "two times"),
            case(slow(2), times(4), 2),
            case(slow(2), [0.25], 2, "one time"),
            case(slow(3), [0.5] * 4, 3, "all the same"),
            case(slow(2), [0.0] * 3, 2, "too short for the clock"),
        ],
        "any number of warm-up calls": [
            case(slow(2), times(5), 0, "no warm-up"),
            case(slow(2), times(6), 1, "a warm-up that is too short"),
            case(slow(5), times(6), 5),
            case(slow(9), times(6), 9),
            case([0.125, 0.0625], times(5), 2, "a warm-up that is faster"),
        ],
        "many calls, short calls": [
            case(slow(2), _many(draws, 21), 2, "one slow call among many"),
            case(slow(2), [0.5, 0.0, 0.75, 0.0, 0.25, 1.5, 0.0], 2, "some too short for the clock"),
            case(slow(1), _short(draws, 9), 1, "microseconds", 3.5),
            case(slow(0), _short(draws, 4), 0, "microseconds", 0.0),
            case(slow(3), [4097 / 2**12, 8191 / 2**12, 8189 / 2**12, 2.5], 3, "many digits"),
        ],
    }


def _calls(
    exercise: Exercise, trial: Trial, draws: Random, verdicts: tuple[Verdict, ...]
) -> tuple[Verdict, ...]:
    """In place of the last verdict one on the calls: a call is no change of an input here."""
    cases = [_case(draws, _slow(draws, n), _times(draws, 5), n) for n in (0, 2, 4)]
    said = _miscounted(trial, cases)
    if not said and not verdicts[0].passed:
        said = counts_once(verdicts[0])
    return (*verdicts[:-1], Verdict("work runs warmup + repeats times", not said, said))


def _miscounted(trial: Trial, cases: list[_Case]) -> str:
    """What is wrong with how often work ran, in words: no more often, since it may be costly."""
    for case in cases:
        work, clock, warmup, repeats = case.arguments
        try:
            trial(work, clock, warmup, repeats)
        except Failure as failure:
            return str(failure)
        ran = getattr(trial.after[0], "calls", 0)
        tried = f"tried {case.describe(trial.name)};"
        if ran != warmup + repeats:
            return f"{tried} work() ran {ran} times, expected {warmup} + {repeats}"
        if getattr(trial.after[1], "readings", 0) == 0:
            return f"{tried} {trial.name} did not read the clock that it was given: call clock()"
    return ""


TASK = Exercise(
    id="size.timing",
    title="Time without the warm-up",
    points=4,
    minutes=15,
    difficulty=1,
    objective="Measure a run time so that warm-up and single slow calls do not decide it.",
    function="time_calls",
    cases=_cases,
    mistakes=_MISTAKES,
    more=_calls,
)
