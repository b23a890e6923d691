"""The form of a question, in the book's `{quiz}` as in the banks.

    A model is pruned to 90 %. How large is its file?
    - [ ] A tenth of what it was.
      > A zero is stored like any other number.
    - [x] As large as before.
      > Only a format that leaves zeros out is smaller.

Exactly one option is right, and each has feedback.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_OPTION = re.compile(r"- \[([ xX])\] +(?=\S)")


class QuizError(ValueError):
    """What is wrong with a quiz; `line` counts from 0 in its content, -1 is the question."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.line = line


@dataclass
class Option:
    """An option: lines of its text and of its feedback, with the line each starts at."""

    right: bool
    line: int
    text: list[str]
    feedback: list[str] = field(default_factory=list)
    feedback_line: int = 0


def read_quiz(lines: list[str]) -> tuple[list[str], list[Option]]:
    """The lines of the question, and the options.

    Raises:
        QuizError: no question, fewer than two options, none or several right, or no feedback.
    """
    question: list[str] = []
    options: list[Option] = []
    for number, line in enumerate(lines):
        bare = line.strip()
        if found := _OPTION.match(line):
            options.append(Option(found[1] != " ", number, [line[found.end() :]]))
        elif line.startswith("- "):
            raise QuizError("an option starts with '- [ ] ' or, the right one, '- [x] '", number)
        elif not options:
            question += [bare] if bare else []
        elif bare.startswith(">"):
            option = options[-1]
            option.feedback_line = option.feedback_line or number
            option.feedback.append(bare[1:].strip())
        elif bare and options[-1].feedback:
            raise QuizError("each line of feedback starts with '>'", number)
        elif bare:
            options[-1].text.append(bare)
    if not question:
        raise QuizError("a quiz starts with its question", -1)
    if len(options) < 2:
        raise QuizError("a quiz needs at least two options: lines that start with '- [ ] '", -1)
    right = [option for option in options if option.right]
    if not right:
        raise QuizError("no option is marked as right: '- [x] '", -1)
    if len(right) > 1:
        raise QuizError("more than one option is marked as right", right[1].line)
    for option in options:
        if not any(option.feedback):
            raise QuizError("this option has no feedback: a line below it with '> '", option.line)
    return question, options
