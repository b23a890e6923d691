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
    """Values for `parametrize`: those that are not today's, nor `always`, are marked `full`."""
    for number, case in enumerate(cases):
        quick = case in always or today(number, of)
        yield pytest.param(case, marks=() if quick else pytest.mark.full)
