"""Whose a submission is, by the names that learning platforms give to files and folders.

Where the forms are from (a platform that has no page on them is read as others read it):

- Moodle, an assignment: `NAME_NUMBER_assignsubmission_file_`, also with `GROUP-` before the name,
  and `…_assignfeedback_…` for what a teacher gave back (`mod/assign/locallib.php` and
  `classes/downloader.php` of moodle/moodle).  A quiz: `LAST_FIRST_ATTEMPT_DATE_TIME`, alone or
  below `Question_1_-_…` (plugin PhilippImhof/moodle-quiz_essaydownload, its `report_test.php`).
- Canvas, an assignment: `name_LATE_NUMBER_UPLOAD_file`, `name_NUMBER_text.html`, `…_link.html`, and
  `anon_ID` for the name where it is hidden (`lib/content_zipper.rb` of instructure/canvas-lms).  A
  quiz: `nameNUMBER_question_QUESTION_UPLOAD_file` (`app/models/quizzes/quiz_submission_zipper.rb`).
- Blackboard: `TASK_LOGIN_attempt_2027-03-01-10-30-00_file`, and without a file a .txt with the name
  (kwurst/bb-file-cleanup; nbgrader's `zip_collect` has the same as its example).
- Brightspace: `NUMBER-NUMBER - NAME - Sep 24, 2024 926 PM` (the converters on GitHub agree on the
  form, adecastilho/sort_by_last_name among them, and not on which number is the student's).
- GitHub Classroom: `TASK-submissions/TASK-LOGIN` (`clone/student-repos` of github/gh-classroom).
- Google: `NAME - TITLE` of Classroom's copies, `TITLE - NAME` of Forms; from memory.
- Gradescope has its names in a file: see `gradescope_export`.

A download is of one platform: the form that fits most of its names is taken, so that no student
becomes another by the name of a file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from labkit.grading.submissions.roster import Sender, normal
from labkit.grading.submissions.times_in_names import DATE, digits, written_out

# What stands behind a number is the student's: no name goes on behind what ends one.
_MOODLE = re.compile(
    r"(?P<name>(?:(?!_\d+_).)+?)(?:_(?P<number>\d+))?"
    r"_assign(?P<kind>submission|feedback)_[a-z]+_?(?P<rest>.*)"
)
_ESSAY = re.compile(r"(?P<name>[^\W\d].*?)_(?P<attempt>\d+)_(?P<moment>\d{8}_\d{6})")
QUESTION = re.compile(r"Q(?:uestion)?_\d+(?:_.*)?")
"""A question of a quiz, where its answers lie in a folder of their own."""
_CANVAS_END = r"(?:(?P<upload>\d{1,20})_(?P<rest>.+)|(?P<page>text|link)\.html)"
_CANVAS = re.compile(
    r"(?P<name>(?:(?!_assign(?:submission|feedback)_).)+?)_(?P<late>(?i:late)_)?(?P<number>\d+)_"
    + _CANVAS_END
)
_HIDDEN = re.compile(rf"(?P<late>(?i:late)_)?(?P<name>anon_(?P<number>[^\W_]+))_{_CANVAS_END}")
_CANVAS_QUIZ = re.compile(
    r"(?P<name>.*?\D)(?P<number>\d+)_question_\d+_(?P<upload>\d{1,20})_(?P<rest>.+)"
)
_BLACKBOARD = re.compile(
    r"(?P<left>.+?)_attempt_(?P<moment>\d{4}(?:-\d\d){5})(?:_(?P<rest>.+)|(?P<note>\.txt))?"
)
_NOTE = re.compile(r"^Name:\s*(?P<name>.+?)\s*\((?P<login>[^()]+)\)\s*$", re.MULTILINE)
_BRIGHTSPACE = re.compile(r"(?P<one>\d+)-(?P<two>\d+)\s+-\s*(?P<rest>\S.*)")
_LOGIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]{0,98})")
_ANSWER = re.compile(r"\.(?:ipynb|zip|py|json|txt|html|pdf)$", re.IGNORECASE)


@dataclass(frozen=True)
class Label:
    """What a name says: from whom, and of which attempt.

    `rest` is the name that the student gave the file, `upload` Canvas's number of it; `moment` has
    no zone where the platform writes none; `dropped` says that it is no submission.
    """

    sender: Sender
    rest: str = ""
    moment: datetime | None = None
    late: bool = False
    upload: int = 0
    dropped: bool = False


@dataclass(frozen=True)
class Top:
    """A file or folder that a submission may begin at."""

    name: str
    folder: bool
    text: Callable[[], str] = str


Labels = dict[str, Label]


def labels(tops: Sequence[Top], lab: str, wrappers: Sequence[str] = ()) -> Labels:
    """What the names in a download say, by name; those that no platform gave are not in it.

    `wrappers` are the folders around them, the outermost first.
    """
    found = max((form(tops, lab, wrappers) for form in _FORMS), key=len)
    # One archive may spell a name in two ways that look the same.
    return {
        top: replace(label, sender=replace(label.sender, name=normal(label.sender.name)))
        for top, label in found.items()
    }


def _moodle(tops: Sequence[Top], *_: object) -> Labels:
    found = {}
    for top in tops:
        if match := _MOODLE.fullmatch(top.name):
            sender = Sender(match["name"], "moodle", match["number"] or "")
            dropped = match["kind"] == "feedback"
            found[top.name] = Label(sender, match["rest"], dropped=dropped)
    return found


def _essays(tops: Sequence[Top], *_: object) -> Labels:
    found = {}
    for top in tops:
        if top.folder and (match := _ESSAY.fullmatch(top.name)):
            sender = Sender(match["name"].replace("_", " "), "quiz")
            found[top.name] = Label(sender, moment=digits(match["moment"]))
    return found


def _canvas(tops: Sequence[Top], *_: object) -> Labels:
    found = {}
    for top in tops:
        match = _HIDDEN.fullmatch(top.name) or _CANVAS.fullmatch(top.name)
        if match is None or top.folder:
            continue
        sender = Sender(match["name"], "canvas", match["number"])
        if match.re is _HIDDEN:
            sender = Sender(match["name"], "canvas", also=(match["number"],))
        rest, upload = match["rest"] or f"{match['page']}.html", int(match["upload"] or 0)
        found[top.name] = Label(sender, rest, late=bool(match["late"]), upload=upload)
    return found


def _canvas_quiz(tops: Sequence[Top], *_: object) -> Labels:
    return {
        top.name: Label(
            Sender(match["name"].replace("_", " ").strip(), "canvas", match["number"]),
            match["rest"],
            upload=int(match["upload"]),
        )
        for top in tops
        if not top.folder and (match := _CANVAS_QUIZ.fullmatch(top.name))
    }


def _blackboard(tops: Sequence[Top], *_: object) -> Labels:
    matches = {top.name: (top, m) for top in tops if (m := _BLACKBOARD.fullmatch(top.name))}
    names: dict[str, re.Match[str]] = {}
    for top, match in matches.values():
        said = _NOTE.search(top.text()) if match["note"] and not top.folder else None
        if said and match["left"].endswith(f"_{said['login']}"):
            names[match["left"]] = said
    # The task stands before the login, and both may have underscores; a note tells one from the
    # other for all, and without any a login is one of the ends.
    tasks = {left.removesuffix(said["login"]) for left, said in names.items()}
    found = {}
    for top, match in matches.values():
        left, said = match["left"], names.get(match["left"])
        ends = [left[place.end() :] for place in re.finditer("_", left)][::-1] or [left]
        told = [left.removeprefix(task) for task in tasks if left.startswith(task)]
        login = said["login"] if said else min(told, key=len, default=ends[0])
        also = () if said or told else tuple(ends[1:])
        sender = Sender(said["name"] if said else login, "blackboard", login, also)
        rest = "" if top.folder else match["rest"] or "the text of the attempt.txt"
        found[top.name] = Label(sender, rest, digits(match["moment"]))
    return found


def _brightspace(tops: Sequence[Top], *_: object) -> Labels:
    """Folders or files by name and number; which of the two numbers is a student's shows in them.

    Two folders with one name are attempts of one student where they share a number that not all
    folders have.
    """
    parsed = {}
    for top in tops:
        if match := _BRIGHTSPACE.fullmatch(top.name):
            parsed[top.name] = ((match["one"], match["two"]), *_name_and_time(match["rest"], top))
    pairs = {pair for pair, *_ in parsed.values()}
    names = {name.casefold() for _, name, *_ in parsed.values()}
    varies = [len({pair[half] for pair in pairs}) > 1 for half in (0, 1)]
    if len(names) == 1 or not any(varies):
        varies = [True, False]
    # The first number stands for a student, unless all have the same.
    main = 0 if varies[0] else 1
    first: dict[tuple[str, int, str], str] = {}
    found = {}
    for top, (pair, name, also, moment, rest) in sorted(parsed.items()):
        keys = [(name.casefold(), half, pair[half]) for half in (0, 1) if varies[half]]
        number = next((first[key] for key in keys if key in first), pair[main])
        first |= dict.fromkeys(keys, number)
        others = tuple(pair[half] for half in (0, 1) if varies[half])
        found[top] = Label(
            Sender(name, "brightspace", number, (*others, "-".join(pair), *also)), rest, moment
        )
    return _merged(found)


def _merged(found: Labels) -> Labels:
    """One sender for all that have name and number in common, with all that is said of them."""
    senders: dict[tuple[str, str], Sender] = {}
    for label in found.values():
        one = label.sender
        key = one.name.casefold(), one.number
        before = senders.setdefault(key, one)
        senders[key] = replace(before, also=tuple(dict.fromkeys((*before.also, *one.also))))
    return {
        top: replace(label, sender=senders[label.sender.name.casefold(), label.sender.number])
        for top, label in found.items()
    }


def _name_and_time(text: str, top: Top) -> tuple[str, tuple[str, ...], datetime | None, str]:
    """Name, register number, time and the student's file in what follows Brightspace's numbers."""
    date = DATE.search(text)
    moment, rest = None, ""
    if date:
        moment, name = written_out(text[date.start() :]), text[: date.start()]
        rest = re.sub(r"^\s*-\s*", "", text[date.end() :])
    elif not top.folder and _ANSWER.search(text) and " - " in text:
        name, _, rest = text.rpartition(" - ")
    else:
        name = text
    name = re.sub(r"[\s-]+$", "", name)
    number, _, behind = name.partition(" - ")
    also = (number,) if behind and re.search(r"\d", number) else ()
    name = behind if also else name
    return name or top.name, also, moment, "" if top.folder else rest or top.name


def _github(tops: Sequence[Top], lab: str, wrappers: Sequence[str]) -> Labels:
    """Repositories that begin with the name of the task, as the folder around them has it."""
    tasks = [match[1] for w in wrappers if (match := re.fullmatch(r"(.+)-submissions", w))]
    places = [top for top in tops if top.folder or top.name.lower().endswith(".zip")]
    for task in dict.fromkeys([*tasks[-1:], lab]):
        found = {}
        for top in places:
            name = top.name if top.folder else top.name[:-4]
            start, login = name[: len(task) + 1], name[len(task) + 1 :]
            if start.lower() == f"{task}-".lower() and _LOGIN.fullmatch(login):
                branch = re.sub(r"-(?:main|master)$", "", login)
                also = (branch, re.sub(r"-\d+$", "", branch))
                rest = "" if top.folder else top.name
                found[top.name] = Label(Sender(branch, "github", "", also), rest)
        if found and (task in tasks or len(found) == len(places) > 1):
            return found
    return {}


def _google(tops: Sequence[Top], lab: str, *_: object) -> Labels:
    """Files with a name and the title of the lab, and a dash between."""
    found = {}
    for top in tops:
        stem = re.sub(r"\s*\(\d+\)$", "", Path(top.name).stem)
        before, dash, behind = stem.partition(" - ")
        if top.folder or not dash or not re.search(r"\.(?:ipynb|zip|py)$", top.name, re.I):
            continue
        first, last = (_is_title(part, lab) for part in (before, behind.rpartition(" - ")[2]))
        if first and not last:
            found[top.name] = Label(Sender(behind.strip(), "google"), top.name)
        elif last:
            found[top.name] = Label(Sender(stem.rpartition(" - ")[0].strip(), "google"), top.name)
    return found


def _is_title(text: str, lab: str) -> bool:
    text = re.sub(r"\.ipynb$", "", text.strip(), flags=re.IGNORECASE)
    return re.sub(r"^(?:Copy of|Kopie von) ", "", text).casefold() == lab.casefold()


# Of two that fit as many names the first: Blackboard's names may hold numbers like Canvas's.
_FORMS: tuple[Callable[[Sequence[Top], str, Sequence[str]], Mapping[str, Label]], ...] = (
    _moodle,
    _blackboard,
    _canvas_quiz,
    _canvas,
    _brightspace,
    _essays,
    _github,
    _google,
)
