"""A draft of the book: every page runs, on fewer examples, for whoever works on pages.

The text stays as it is: what it says of the numbers need not hold for those of a draft.
"""

from __future__ import annotations

import os

VARIABLE = "LABKIT_BOOK_DRAFT"
"""Environment variable that is "1" while a draft is built, for the pages' kernels."""

PAIRS = 30
"""Pairs of sentences that a draft scores at most."""

DOCUMENTS = 4
"""Documents that a draft scores at most."""

STEPS = 10
"""Steps that a draft trains at most."""

SEQUENCES = 4
"""Sequences that calibrate a draft's criteria at most."""

TOKENS, DRAWS = 20, 1
"""Tokens that a model of a draft writes at most, and texts that are drawn at a level."""

REPEATS, BATCH = 2, 2
"""Timed passes of a draft, and how many rows of tokens each has."""


def drafted() -> bool:
    """Whether a draft is being built."""
    return os.environ.get(VARIABLE) == "1"


def at_most(number: int, few: int) -> int:
    """`number` of examples, steps or passes, in a draft no more than `few`."""
    return min(number, few) if drafted() else number
