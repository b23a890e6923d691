"""What a quick run takes in turns: of a large family of cases another share each day.

`make test-all` takes all of them. The day, or what `VARIANTS_TURN` says, chooses.
"""

import os

import pytest

TURN = int(os.environ["VARIANTS_TURN"])


def today(number, of=3):
    """Whether a quick run takes case `number` today: one in `of`."""
    return number % of == TURN % of


def in_turn(cases, of=3, always=()):
    """Cases for `parametrize`, values or tuples of them: not today's, nor `always`, are `full`."""
    for number, case in enumerate(cases):
        quick = case in always or today(number, of)
        values = case if isinstance(case, tuple) else (case,)
        yield pytest.param(*values, marks=() if quick else pytest.mark.full)


def on_day(number, of=2):
    """A mark for a long test that takes turns with another: `full` on all days but its own."""
    return pytest.mark.slow if today(number, of) else pytest.mark.full
