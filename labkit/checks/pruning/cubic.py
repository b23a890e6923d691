"""The exercise `pruning.cubic`: the sparsity schedule of gradual pruning.

Its text promises whole steps of any size, a ramp of any length or none, and any two sparsities: a
ramp may fall.  Results count to six digits.
"""

from collections.abc import Callable
from random import Random

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case


def _scheduled(
    step: int,
    start: int,
    end: int,
    final: float,
    initial: float = 0.0,
    *,
    power: int = 3,
    before: bool = True,
    after: bool = True,
    rise: Callable[[float, int], float] = lambda part, power: 1 - (1 - part) ** power,
) -> float:
    """The answer; each argument after the first five turns it into a mistake."""
    if step < start and before:
        return initial
    if step >= end and (after or start == end):
        return final
    return initial + (final - initial) * rise((step - start) / (end - start), power)


def _mistake(name: str, explanation: str, **options: object) -> Mistake:
    return Mistake(name, explanation, lambda *arguments: _scheduled(*arguments, **options))


def _without_initial(step: int, start: int, end: int, final: float, initial: float = 0.0) -> float:
    return _scheduled(step, start, end, final)


def _initial_added(step: int, start: int, end: int, final: float, initial: float = 0.0) -> float:
    return initial + _scheduled(step, start, end, final)


def _zero_before(step: int, start: int, end: int, final: float, initial: float = 0.0) -> float:
    return 0.0 if step < start else _scheduled(step, start, end, final, initial)


def _falling(step: int, start: int, end: int, final: float, initial: float = 0.0) -> float:
    return _scheduled(step, start, end, initial, final)


def _from_zero(step: int, start: int, end: int, final: float, initial: float = 0.0) -> float:
    """The part of the ramp is step / end: the start is forgotten."""
    if step < start:
        return initial
    return final if step >= end else _scheduled(step, 0, end, final, initial)


def _late(step: int, start: int, end: int, final: float, initial: float = 0.0) -> float:
    """The start itself belongs to what is before: no matter, unless the ramp has no length."""
    return initial if step <= start else _scheduled(step, start, end, final, initial)


def _as_length(step: int, start: int, end: int, final: float, initial: float = 0.0) -> float:
    return _scheduled(step, start, start + end, final, initial)


def _off_by_one(begin: int, length: int) -> Callable[..., float]:
    """The ramp begins `begin` steps earlier, and is `length` steps longer, than it should."""

    def answer(step: int, start: int, end: int, final: float, initial: float = 0.0) -> float:
        if not start <= step < end:
            return _scheduled(step, start, end, final, initial)
        part = (step - start + begin) / max(end - start + length, 1)
        return final + (initial - final) * (1 - part) ** 3

    return answer


def _never_down(pick: Callable[..., float], which: int) -> Callable[..., float]:
    return lambda *arguments: pick(_scheduled(*arguments), (*arguments, 0.0)[which])


_CLAMP = "before start the sparsity is initial and from end on it is final: the cube goes on rising"
_SLOW = "the rise is fast first and slow at the end: the cube is that of what remains, (1 - p)^3"

_MISTAKES = (
    _mistake("a straight line", "the part that remains is raised to the third power", power=1),
    _mistake(
        "// for /",
        "// rounds the part of the ramp that is done down to 0",
        rise=lambda part, power: 0.0,
    ),
    _mistake("square for cube", "the part that remains is raised to the third power", power=2),
    _mistake("slow first", _SLOW, rise=lambda part, power: part**power),
    Mistake(
        "initial and final swapped",
        "the sparsity starts at initial and rises to final",
        _falling,
    ),
    _mistake("not clamped", _CLAMP, before=False, after=False),
    _mistake("not clamped", _CLAMP, before=False),
    _mistake("not clamped", _CLAMP, after=False),
    Mistake(
        "initial ignored",
        "the ramp goes from initial to final, not from 0",
        _without_initial,
    ),
    Mistake("initial ignored", "before start the sparsity is initial, not 0", _zero_before),
    Mistake(
        "initial added on top",
        "the ramp goes from initial to final: its height is final - initial",
        _initial_added,
    ),
    Mistake(
        "the start left out",
        "the part of the ramp is (step - start) / (end - start)",
        _from_zero,
    ),
    Mistake("end read as a length", "end is the step at which the ramp ends", _as_length),
    *(
        Mistake(
            "off by one",
            "at start no part of the ramp is done, and it is end - start steps long",
            _off_by_one(begin, length),
        )
        for begin, length in ((0, 1), (1, 0), (1, 1), (0, -1))
    ),
    *(
        Mistake(
            "a ramp that cannot fall",
            "final may be smaller than initial: the formula holds as it is",
            answer,
        )
        for answer in (_never_down(max, 4), _never_down(min, 3))
    ),
    Mistake(
        "the jump comes late",
        "where start equals end the sparsity is final at this step already",
        _late,
    ),
    Mistake(
        "0/0",
        "where start equals end there is no ramp: the sparsity jumps to final",
        error="by zero",
    ),
)


def _cases(draws: Random) -> Groups:
    """Inputs of `cubic_sparsity(step, start, end, final, initial=0.0)`."""

    def ramp() -> tuple[int, int, float]:
        """A start, an end and a final sparsity."""
        start = draws.randint(20, 60)
        return start, start + draws.randint(40, 90), draws.randint(70, 98) / 100

    def inside(start: int, end: int) -> list[int]:
        """A step early and one in the middle of the ramp."""
        third = (end - start) // 3
        return [start + draws.randint(4, third), end - draws.randint(third, 2 * third)]

    def case(*arguments: float, note: str = "") -> Case:
        return Case(arguments, _scheduled(*arguments), note, rtol=1e-6)

    first, second, third, fourth = (ramp() for _ in range(4))
    initial = [draws.randint(10, 45) / 100 for _ in range(3)]
    at = draws.randint(2, 9999)
    late = 2**26 + 2 * draws.randint(1, 9999) + 1  # float32 has no such number
    return {
        "a cubic rise": [
            *(case(step, *first) for step in inside(*first[:2])),
            *(case(step, *second) for step in inside(*second[:2])),
        ],
        "from initial to final": [
            *(case(step, *third, initial[0]) for step in inside(*third[:2])),
            *(case(step, *fourth, initial[1]) for step in inside(*fourth[:2])),
            case(fourth[0], *fourth, initial[1], note="at the start"),
            case(fourth[0] - 5, *fourth, initial[1], note="before the start"),
            *(case(step, *third[:2], 0.0, third[2], note="falling") for step in inside(*third[:2])),
            *(case(step, *first[:2], 0.125, 0.75, note="falling") for step in inside(*first[:2])),
            case(first[0] - 1, *first[:2], 0.125, 0.75, note="before a falling ramp"),
            case(first[1], *first[:2], 0.125, 0.75, note="after a falling ramp"),
        ],
        "flat outside": [
            case(0, *first, note="before the start"),
            case(second[0] - 1, *second, initial[2], note="before the start"),
            case(first[0], *first, note="at the start"),
            case(first[1], *first, note="at the end"),
            case(first[1] + 1, *first, note="after the end"),
            case(10 * second[1], *second, initial[2], note="long after the end"),
        ],
        "extremes": [
            case(0, 0, 1, 1.0, note="a ramp of one step"),
            case(1, 0, 7, 0.02, note="a low sparsity"),
            case(2, 0, 3, 1.0, 0.5, note="a short ramp from step 0"),
            case(0, 0, 3, 1.0, 0.5, note="a short ramp from step 0"),
            case(9, 0, 3, 1.0, 0.5, note="all pruned after the end"),
            case(late + 2, late, late + 7, 0.5, 0.25, note="far on"),
            case(late + 5, late, late + 7, 0.5, 0.25, note="far on"),
            case(at, at, at, 0.5, 0.25, note="start equals end"),
            case(at - 1, at, at, 0.5, 0.25, note="start equals end"),
            case(at + 1, at, at, 0.5, 0.25, note="start equals end"),
            case(first[0] + 9, first[0], first[1], 0.5, 0.5, note="initial equals final"),
        ],
    }


TASK = Exercise(
    id="pruning.cubic",
    title="A schedule for gradual pruning",
    points=4,
    minutes=10,
    difficulty=1,
    objective="Raise the sparsity over the steps of training as Zhu and Gupta (2017) do.",
    function="cubic_sparsity",
    cases=_cases,
    mistakes=_MISTAKES,
    forbids=("torch.ao.pruning",),
)
