"""The exercise `language.windows`: windows over a long text, of which each token counts once.

Its text promises texts of any length, shorter than a window too, and strides from one token to all
but one of the window, whether they divide the text or not.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from labkit.checks.engine.exercise import Exercise
from labkit.checks.engine.judge import Groups, Mistake
from labkit.checks.engine.value_cases import Case

Window = tuple[int, int, int]


def _windows(length: int, context: int, stride: int) -> list[Window]:
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, first))
        start, first = start + stride, stop
    return found


def _each(change: Callable[..., Window]) -> Callable[..., list[Window]]:
    """The right windows, each but the first of them changed."""

    def answer(length: int, context: int, stride: int) -> list[Window]:
        found = _windows(length, context, stride)
        return found[:1] + [change(*window, context, stride, length) for window in found[1:]]

    return answer


def _all(change: Callable[..., Window]) -> Callable[..., list[Window]]:
    """The right windows, the first of them changed as well."""

    def answer(length: int, context: int, stride: int) -> list[Window]:
        found = _windows(length, context, stride)
        return [change(*window, context, stride, length) for window in found]

    return answer


def _without_end(length: int, context: int, stride: int) -> list[Window]:
    """A window at each multiple of the stride, also behind the one that reaches the end."""
    found, first = [], 1
    for start in range(0, length, stride):
        stop = min(start + context, length)
        found.append((start, stop, first))
        first = stop
    return found


def _whole_only(length: int, context: int, stride: int) -> list[Window]:
    """Windows of full length only."""
    return [w for w in _windows(length, context, stride) if w[1] - w[0] == context]


def _from_zero(length: int, context: int, stride: int) -> list[Window]:
    """The first token of the text counted, also where it is the only one."""
    found = _windows(length, context, stride)
    if length == 1:
        return [(0, 1, 0)]
    return [(0, found[0][1], 0), *found[1:]] if found else []


def _side_by_side(length: int, context: int, stride: int, lost: int) -> list[Window]:
    """Windows that do not overlap, of which the first token counts or is lost."""
    return [
        (start, min(start + context, length), max(start + lost, 1))
        for start in range(0, length, context)
        if length > 1
    ]


def _shorter(length: int, context: int, stride: int) -> list[Window]:
    return _windows(length - 1, context, stride)


def _swapped(length: int, context: int, stride: int) -> list[Window]:
    """Windows as long as the stride, a context apart."""
    return [
        (start, min(start + stride, length), max(start, 1)) for start in range(0, length, context)
    ]


def _one_empty(length: int, context: int, stride: int) -> list[Window]:
    """A window for a text of one token, or of none, all the same."""
    return _windows(length, context, stride) or [(0, length, 1)]


_TWICE = "a token of the overlap was counted by the window before: count only what is new"
_EMPTY = "stop at the window that reaches the end of the text: what comes behind it counts nothing"

_MISTAKES = (
    *(
        Mistake("the overlap counted again", _TWICE, answer)
        for answer in (
            _each(lambda start, stop, first, *rest: (start, stop, start + 1)),
            _each(lambda start, stop, first, *rest: (start, stop, start)),
            _each(lambda start, stop, first, *rest: (start, stop, first - 1)),
            _all(lambda start, stop, first, *rest: (start, stop, start)),
        )
    ),
    Mistake("a window that counts nothing", _EMPTY, _without_end),
    Mistake(
        "a window that counts nothing",
        "a text of one token, or of none, has no token to predict, and so no window",
        _one_empty,
    ),
    Mistake(
        "the end left out",
        "the last window may be shorter, and so may the only one: each token counts",
        _whole_only,
    ),
    Mistake(
        "the first token counted",
        "before the first token of the text there is nothing to predict it from: begin with token "
        "1",
        _from_zero,
    ),
    *(
        Mistake(
            "windows side by side",
            "windows begin a stride apart, not a context: only so has each counted token others "
            "before it",
            lambda *given, lost=lost: _side_by_side(*given, lost=lost),
        )
        for lost in (0, 1)
    ),
    *(
        Mistake(
            "the first window cut",
            "the first window counts all of its tokens but the first; only later ones count a "
            "stride",
            answer,
        )
        for answer in (
            _all(
                lambda start, stop, first, context, stride, length: (
                    start,
                    stop,
                    max(stop - stride, start + 1),
                )
            ),
            _all(
                lambda start, stop, first, context, stride, length: (
                    start,
                    stop,
                    start + context - stride,
                )
            ),
        )
    ),
    Mistake(
        "a stride counted at the end",
        "the last window counts what is left, which may be less than a stride",
        _each(
            lambda start, stop, first, context, stride, length: (
                start,
                stop,
                max(stop - stride, start + 1),
            )
        ),
    ),
    Mistake(
        "a token lost at the seam",
        "`stop` is the first token behind the window: the next one counts from there on",
        _each(lambda start, stop, first, *rest: (start, stop, first + 1)),
    ),
    Mistake(
        "the last window moved back",
        "all windows begin at a multiple of the stride; the last one is shorter",
        _each(lambda start, stop, first, context, *rest: (min(start, stop - context), stop, first)),
    ),
    Mistake(
        "the end inclusive",
        "as in a slice, `stop` is the place behind the last token of the window",
        _all(lambda start, stop, first, *rest: (start, stop - 1, first)),
    ),
    Mistake(
        "places within the window",
        "`first` is a place in the text, as `start` and `stop` are",
        _all(lambda start, stop, first, *rest: (start, stop, first - start)),
    ),
    Mistake(
        "sizes for places",
        "`stop` is a place in the text: the size of the window is stop - start",
        _all(lambda start, stop, first, *rest: (start, stop - start, first)),
    ),
    Mistake(
        "numbers for places",
        "the third entry is the place of the first token that counts, not how many count",
        _all(lambda start, stop, first, *rest: (start, stop, stop - first)),
    ),
    Mistake(
        "the last token left out",
        "the text has `length` tokens, and its last one is predicted too",
        _shorter,
    ),
    Mistake(
        "context and stride swapped",
        "a window holds up to `context` tokens, and the next one begins `stride` tokens later",
        _swapped,
    ),
)


def _cases(draw: Random) -> Groups:
    """Inputs of `windows(length, context, stride)`."""
    number = draw.randint

    def case(length: int, context: int, stride: int, note: str = "") -> Case:
        given: tuple[Any, ...] = (length, context, stride)
        return Case(given, _windows(*given), note)

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
    mistakes=_MISTAKES,
)
