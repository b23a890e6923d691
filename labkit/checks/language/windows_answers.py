"""Right and wrong answers to the exercise `language.windows`."""

import math
from collections.abc import Callable

from labkit.checks.engine.judge import Mistake

Window = tuple[int, int, int]


def windows(length: int, context: int, stride: int) -> list[Window]:
    """The right answer."""
    found, start, first = [], 0, 1
    while first < length:
        stop = min(start + context, length)
        found.append((start, stop, first))
        start, first = start + stride, stop
    return found


def _each(change: Callable[..., Window]) -> Callable[..., list[Window]]:
    """The right windows, each but the first of them changed."""

    def answer(length: int, context: int, stride: int) -> list[Window]:
        found = windows(length, context, stride)
        return found[:1] + [change(*window, context, stride, length) for window in found[1:]]

    return answer


def _all(change: Callable[..., Window]) -> Callable[..., list[Window]]:
    """The right windows, the first of them changed as well."""

    def answer(length: int, context: int, stride: int) -> list[Window]:
        found = windows(length, context, stride)
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


def _without_end_by_formula(length: int, context: int, stride: int, least: int = 0) -> list[Window]:
    """The same, each window but the first counting from where a full one before it would end."""
    return [
        (start, min(start + context, length), start + context - stride if start else 1)
        for start in range(0, length if length > least else 0, stride)
    ]


def _of_inputs(length: int, context: int, stride: int) -> list[Window]:
    """Windows over all tokens but the last, which count from the first one on."""
    found, start, stop = [], 0, 0
    while stop < length - 1:
        first, stop = stop, min(start + context, length - 1)
        found.append((start, stop, first))
        start += stride
    return found


def _by_quotient(length: int, context: int, stride: int) -> list[Window]:
    """As many windows as a quotient in float64 says, rounded up."""
    number = 1 + max(0, math.ceil((length - context) / stride)) if length > 1 else 0
    stops = [min(start * stride + context, length) for start in range(number)]
    return [
        (start * stride, stop, first)
        for start, (stop, first) in enumerate(zip(stops, [1, *stops[:-1]], strict=True))
    ]


def _whole_only(length: int, context: int, stride: int) -> list[Window]:
    """Windows of full length only."""
    return [w for w in windows(length, context, stride) if w[1] - w[0] == context]


def _from_zero(length: int, context: int, stride: int) -> list[Window]:
    """The first token of the text counted, also where it is the only one."""
    found = windows(length, context, stride)
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
    return windows(length - 1, context, stride)


def _swapped(length: int, context: int, stride: int) -> list[Window]:
    """Windows as long as the stride, a context apart."""
    return [
        (start, min(start + stride, length), max(start, 1)) for start in range(0, length, context)
    ]


def _one_empty(length: int, context: int, stride: int) -> list[Window]:
    """A window for a text of one token, or of none, all the same."""
    return windows(length, context, stride) or [(0, length, 1)]


_TWICE = "a token of the overlap was counted by the window before: count only what is new"
_EMPTY = "stop at the window that reaches the end of the text: what comes behind it counts nothing"

MISTAKES = (
    *(
        Mistake("the overlap counted again", _TWICE, answer)
        for answer in (
            _each(lambda start, stop, first, *rest: (start, stop, start + 1)),
            _each(lambda start, stop, first, *rest: (start, stop, start)),
            _each(lambda start, stop, first, *rest: (start, stop, first - 1)),
            _all(lambda start, stop, first, *rest: (start, stop, start)),
        )
    ),
    *(
        Mistake("a window that counts nothing", _EMPTY, answer)
        for answer in (
            _without_end,
            _without_end_by_formula,
            lambda *given: _without_end_by_formula(*given, least=1),
        )
    ),
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
        "a window past the end",
        "the last window ends with the text: `stop` is never larger than `length`",
        _all(lambda start, stop, first, context, *rest: (start, start + context, first)),
    ),
    *(
        Mistake(
            "windows of inputs",
            "in this exercise windows hold the tokens themselves, not inputs that are asked for "
            "the token behind them: the first window counts from token 1 on, and the last `stop` "
            "is `length`",
            answer,
        )
        for answer in (
            _of_inputs,
            lambda length, context, stride: _of_inputs(length, context - 1, stride),
        )
    ),
    Mistake(
        "a quotient that rounds",
        "`/` makes a float64, which holds whole numbers up to 2^53 only: -(-a // b) rounds a "
        "quotient of whole numbers up, and a loop while a token is left needs none",
        _by_quotient,
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
