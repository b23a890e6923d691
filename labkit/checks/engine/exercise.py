"""What an exercise is and what a check says of an answer to it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

    from labkit.checks.engine.judge import Groups, Mistake
    from labkit.checks.engine.trial import Trial

    More = Callable[["Exercise", Trial, Random, tuple["Verdict", ...]], tuple["Verdict", ...]]


CHAPTERS = {
    "weights": "01-weights",
    "pruning": "02-pruning",
    "mrpc": "03-mrpc",
    "size": "04-size-and-runtime",
    "challenges": "05-challenges",
    "language": "06-language-models",
    "criteria": "07-criteria",
}
"""The chapter of the book that belongs to each lab."""


@dataclass(frozen=True)
class Verdict:
    """One property of an answer: its `name`, whether it holds, and one line on what went wrong.

    `message` is empty where the property holds.
    """

    name: str
    passed: bool
    message: str = ""

    def __str__(self) -> str:
        return f"passed  {self.name}" if self.passed else f"failed  {self.name}: {self.message}"


@dataclass(frozen=True)
class Grade:
    """The outcome of one check: `score` in [0, 1], `points` earned `out_of` those to be had."""

    score: float
    points: float
    out_of: int
    verdicts: tuple[Verdict, ...]


@dataclass(frozen=True, kw_only=True)
class Task:
    """What each exercise has, whether a check or a person grades it.

    `id` is the lab and a name: the pytest id, the anchor in the book and, as `grade_id`,
    nbgrader's; `difficulty` runs from 1 to 3.
    """

    id: str
    title: str
    points: int
    minutes: int
    difficulty: int
    objective: str

    @property
    def lab(self) -> str:
        """The lab that it belongs to, as its id says."""
        return self.id.partition(".")[0]

    @property
    def section(self) -> str:
        """What to read: `book/NN-name.md#anchor`."""
        return f"book/{CHAPTERS[self.lab]}.md#{self.id}"

    @property
    def grade_id(self) -> str:
        """The id as nbgrader and nbformat allow it: neither takes a dot."""
        return self.id.replace(".", "-")


@dataclass(frozen=True, kw_only=True)
class Exercise(Task):
    """An exercise in code, declared once; notebooks, tables, tests and nbgrader read it from here.

    `function` is the name that the student defines.  `cases` draws what it is called with, and the
    right answers, by property; `mistakes` are the known misconceptions, and `form` is the name of
    the last verdict: see `labkit.checks.engine.judge`, which runs and compares.  `more`, where
    given, gets the exercise, the trial, the random numbers and the verdicts on the cases, and
    returns the verdicts that count.  `forbids` names what the student's function must not call
    besides labkit: modules and packages, and functions written in C as `name()`.
    """

    function: str
    cases: "Callable[[Random], Groups]"
    mistakes: "tuple[Mistake, ...]" = field(repr=False)
    form: str = "the input is kept"
    more: "More | None" = None
    forbids: tuple[str, ...] = ()


PLACEHOLDER = "Your answer here"
"""What stands in the cell of a written question before it is answered."""


@dataclass(frozen=True, kw_only=True)
class Written(Task):
    """A question that is answered in words and graded by a person.

    `rubric` holds the points and what they are given for; the points add up to those of the
    question.  Students see it.  `words` is the length that the text of the question asks for, from
    and to.
    """

    rubric: tuple[tuple[int, str], ...]
    words: tuple[int, int]

    def __post_init__(self) -> None:
        if sum(points for points, _ in self.rubric) != self.points:
            raise ValueError(f"the rubric of {self.id} does not add up to {self.points} points")
