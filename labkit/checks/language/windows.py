"""The exercise `language.windows`: windows over a long text, of which each token counts once.

Its text promises texts of any length, shorter than a window too, and strides from one token to all
but one of the window, whether they divide the text or not. Of a long text, a step for each token
takes too long, and float64 rounds.
"""

from random import Random
from typing import Any

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups
from labkit.checks.engine.value_cases import Case
from labkit.checks.language.windows_answers import MISTAKES, windows


def _cases(draw: Random) -> Groups:
    """Inputs of `windows(length, context, stride)`."""
    number = draw.randint

    def case(length: int, context: int, stride: int, note: str = "") -> Case:
        given: tuple[Any, ...] = (length, context, stride)
        return Case(given, windows(*given), note)

    def divides(strides: int) -> Case:
        context, stride = number(7, 9), number(2, 4)
        return case(context + strides * stride, context, stride, "the last window is full")

    def rest(strides: int) -> Case:
        context, stride = number(9, 12), number(3, 5)
        left = number(1, stride - 1)
        return case(context + strides * stride + left, context, stride)

    context = number(5, 9)
    long = number(900, 1100)
    return {
        "the last window is shorter": [rest(1), rest(2), rest(number(3, 5))],
        "the last window is full": [divides(1), divides(2), divides(number(3, 5))],
        "strides from one to all but one": [
            case(context + number(2, 4), context, 1),
            case(2 * context + number(1, 3), context, context - 1),
            case(context + 1, context, context - 1, "one token more than a window"),
            case(number(4, 7), 2, 1, "the smallest window"),
        ],
        "texts of one window": [
            case(context, context, number(1, context - 1), "as long as a window"),
            case(number(2, context - 1), context, number(1, context - 1), "shorter"),
            case(2, number(5, 200), number(1, 4), "two tokens"),
        ],
        "texts without a prediction": [
            case(1, context, number(1, context - 1), "one token"),
            case(0, context, number(1, context - 1), "no token"),
        ],
        "long texts": [
            case(long, 128, 64),
            case(long + 3, 128, 127),
            case(100 * long, 1024, 512),
            case(long, 2 * long, long),
            case(4 * 10**17 + 2, 10**17 + 1, 10**17, "so long that float64 rounds"),
        ],
    }


TASK = Exercise(
    id="language.windows",
    title="Windows over a long text",
    function="windows",
    points=6,
    minutes=20,
    difficulty=2,
    objective="Cut a text that is too long for the model so that each token counts exactly once.",
    cases=_cases,
    mistakes=MISTAKES,
)
