"""The bank of a chapter: questions under headings, in a page of Markdown that a person edits.

    # Title of the chapter

    Text for whoever edits the file.

    ## Short name of the question

    ```{quiz}
    ...
    ```

The short name is what instructors see in a list of questions; it must not give the answer away.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from labkit.errors import InputError, SourceError
from labkit.quiz.form import QuizError, read_quiz

_NAME = re.compile(r"quiz-(\d+)-([\w-]+)")
_FENCE = re.compile(r"(`{3,})\{quiz\}\s*")
_ROLE = re.compile(r"\{[\w:-]+\}`")


@dataclass(frozen=True)
class Choice:
    """An option, as one line of Markdown, and what is said to whoever picks it."""

    text: str
    right: bool
    feedback: str


@dataclass(frozen=True)
class Question:
    """A question: `title` for lists, `text` as one line of Markdown, one right choice."""

    title: str
    text: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Bank:
    """The questions of a chapter; `name` is that of its file in the book, as `01-weights`."""

    name: str
    title: str
    questions: tuple[Question, ...]


def find_banks(root: Path | str, chapter: str = "all") -> list[Bank]:
    """The banks of the course below `root`: of all chapters in their order, or of one.

    `chapter` is "all", a number ("4"), the name of the chapter ("04-size-and-runtime") or what
    stands behind its number ("size-and-runtime").

    Raises:
        SourceError: there are no banks below `root`.
        InputError: there is no such chapter, or a bank is not as it should be.
    """
    folder = Path(root) / "solutions"
    paths = {
        path: found
        for path in sorted(folder.glob("quiz-*.md"))
        if (found := _NAME.fullmatch(path.stem))
    }
    if not paths:
        raise SourceError(
            f"{folder.resolve()} holds no quiz-NN-name.md: give the root of the course (--course)"
        )
    called = {
        path: {str(int(found[1])), found[1], found[2], f"{found[1]}-{found[2]}", "all"}
        for path, found in paths.items()
    }
    wanted = [path for path, names in called.items() if chapter in names]
    if not wanted:
        there = ", ".join(f"{found[1]}-{found[2]}" for found in paths.values())
        raise InputError(f"no bank of a chapter {chapter!r}; there are: {there}, or all")
    return [read_bank(path) for path in wanted]


def read_bank(path: Path | str) -> Bank:
    """The bank in a file `quiz-NN-name.md`.

    Raises:
        InputError: names the file, the line and what is wrong there.
        SourceError: the file cannot be read.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceError(f"cannot read {path}: {error}") from error
    title, heading = "", ""
    questions: list[Question] = []
    numbered = iter(enumerate(lines, 1))
    for number, line in numbered:
        if line.startswith("# "):
            title = line[2:].strip()
        elif line.startswith("## "):
            if heading:
                raise InputError(f"{path}:{number}: no question stands under {heading!r}")
            heading = line[3:].strip()
        elif fence := _FENCE.fullmatch(line):
            if not heading:
                raise InputError(f"{path}:{number}: a question needs a heading of its own ('## ')")
            inside = _inside(path, number, fence[1], numbered)
            questions.append(_question(path, number, heading, inside))
            heading = ""
    if not title or not questions:
        raise InputError(f"{path}: a bank has a title ('# ') and questions")
    twice = {q.title for q in questions if sum(q.title == other.title for other in questions) > 1}
    if twice:
        raise InputError(f"{path}: two questions are called {sorted(twice)[0]!r}")
    return Bank(path.stem.removeprefix("quiz-"), title, tuple(questions))


def _inside(path: Path, start: int, fence: str, lines: Iterator[tuple[int, str]]) -> list[str]:
    found = []
    for _, line in lines:
        if line.strip() == fence:
            return found
        found.append(line)
    raise InputError(f"{path}:{start}: this question has no end ({fence})")


def _question(path: Path, start: int, title: str, lines: list[str]) -> Question:
    for number, line in enumerate(lines, start + 1):
        if _ROLE.search(line):
            raise InputError(
                f"{path}:{number}: platforms know no roles of the book ({line.strip()})"
            )
    try:
        text, options = read_quiz(lines)
    except QuizError as error:
        raise InputError(f"{path}:{start + 1 + error.line}: {error}") from None
    choices = tuple(Choice(" ".join(o.text), o.right, " ".join(o.feedback)) for o in options)
    if len({choice.text for choice in choices}) < len(choices):
        raise InputError(f"{path}:{start}: two options of this question are the same")
    return Question(title, " ".join(text), choices)
