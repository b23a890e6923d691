"""Which student of the class a submission is from."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

from labkit.errors import InputError
from labkit.grading.submissions.roster import Person, Sender, key, normal, slug

FEW = 2
"""Submissions that may be of students of whom nothing was found, and are graded all the same."""

_MOST_SHOWN = 40  # rows of a table
# Letters that are written in two ways, and that no decomposition takes apart.
_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe"})
_UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_LOGINS = ("blackboard", "gradescope", "brightspace")  # whose logins are made like addresses


def student_ids(
    senders: Sequence[Sender],
    people: Sequence[Person] = (),
    given: dict[int, str] | None = None,
) -> list[tuple[str, str]]:
    """For each sender a student id that is no other's, and a remark or an empty text.

    With a roster the ids are its own where number, id, email or name of one person fit; all others
    get an id made of their name.  Two ids differ also where a disk ignores case.  `given` holds ids
    that are known already, by the place of the sender.
    """
    found = {number: (student, "") for number, student in (given or {}).items()}
    claims = sorted(
        (claim, number)
        for number, sender in enumerate(senders)
        if number not in found and (claim := _claim(sender, people)) is not None
    )
    taken = {key(person.student) for person in people} | {key(id) for id, _ in found.values()}
    claimed = {id for id, _ in found.values()}
    for (_, student), number in claims:
        if student not in claimed:
            claimed.add(student)
            found[number] = student, ""
    rest = [number for number in range(len(senders)) if number not in found]
    # A name that is an id as it stands keeps it; the others make way.
    rest.sort(key=lambda n: (_plain(senders[n]) != senders[n].name, senders[n].name, n))
    for number in rest:
        sender = senders[number]
        id, length = _plain(sender), 8
        while key(id) in taken:
            said = f"{sender.system}/{sender.number}/{sender.name}/{number if length > 8 else ''}"
            digest = hashlib.sha256(said.encode(errors="replace")).hexdigest()
            id = f"{_plain(sender)}-{digest[:length]}"
            length += 8
        taken.add(key(id))
        found[number] = id, f"{sender.name!r} is not in the roster" if people else ""
    return [found[number] for number in range(len(senders))]


def require_few(
    unmatched: Sequence[tuple[str, Sender]], lacking: Sequence[Person], total: int
) -> None:
    """Return where hardly one of the submissions can be that of a student of whom there is none.

    Args:
        unmatched: submissions that are nobody's in the roster: the name of the file or folder, and
            who it is from.
        lacking: the students in the roster of whom no submission was found.
        total: number of submissions.

    Raises:
        InputError: more than `FEW` of them can be, or more than half, or one is called so much like
            such a student that it may be theirs; shows both sides.
    """
    mixed = min(len(unmatched), len(lacking))
    alike = any(_alike(sender, person) for _, sender in unmatched for person in lacking)
    if mixed <= FEW and 2 * mixed <= total and not alike:
        return
    left = [f"{place}" for place, _ in unmatched]
    right = [f"{p.student}  {p.name}".rstrip() for p in sorted(lacking, key=lambda p: p.student)]
    width = max(map(len, [*left[:_MOST_SHOWN], "nobody's submission"]))
    rows = [f"  {'nobody’s submission':{width}}   nothing was found of"]
    for number in range(min(max(len(left), len(right)), _MOST_SHOWN)):
        one, other = (side[number] if number < len(side) else "" for side in (left, right))
        rows.append(f"  {one:{width}}   {other}".rstrip())
    if max(len(left), len(right)) > _MOST_SHOWN:
        rows.append("  …")
    hidden = any(s.system == "canvas" and s.name.startswith("anon_") for _, s in unmatched)
    hint = "Canvas hides the names until grades are posted. " if hidden else ""
    raise InputError(
        f"{len(unmatched)} of {total} submissions are of nobody in the roster, and of "
        f"{len(lacking)} in it nothing was found: nothing was graded, as the ones may be the "
        "others'. "
        f"{hint}Say which is whose with --map FILE, a CSV with the columns submission (as below on "
        "the left) and student (an id of the roster, or - for a submission to leave out), or "
        "complete the roster.\n" + "\n".join(rows)
    )


def _alike(sender: Sender, person: Person) -> bool:
    """Whether both have a word of their names, logins or addresses in common, or a number.

    A spreadsheet takes zeros from the front of a number, and platforms write names in one word.
    """
    said = " ".join((sender.name, sender.number, *sender.also))
    known = " ".join((person.name, person.student, person.email.partition("@")[0], *person.also))
    one, other = _words(said), _words(known)
    if any(len(word) > 2 or not word.isascii() for word in one & other):
        return True
    return any(len(word) > 3 and not word.isdigit() and word in w for word in other for w in one)


def _words(text: str) -> set[str]:
    """Words without accents of Latin letters, numbers without zeros in front."""
    text = normal(text).casefold()
    return {
        word.lstrip("0") or "0" if word.isdigit() else word
        for variant in (text, text.translate(_UMLAUTS))
        for word in _letters(variant).split()
    }


def _claim(sender: Sender, people: Sequence[Person]) -> tuple[int, str] | None:
    """How well the best fit fits (0 is best) and whom it names; None where it is not one person."""
    own = {key(sender.name)}
    if sender.system not in ("moodle", "canvas") and sender.number:
        own.add(key(sender.number))
    words = own | {key(word) for word in sender.also if word}
    spelt = set().union(*map(spellings, (sender.name, *sender.also)))
    parts = _parts(sender.name)
    inside = set().union(*map(spellings, parts))
    numbers = {key(part) for part in parts if "@" in part or re.search(r"\d{4}", part)}
    locals_ = words if sender.system in _LOGINS else set()
    rules = (
        lambda p: sender.number and sender.number == getattr(p, sender.system, ""),
        lambda p: not own.isdisjoint(map(key, (p.student, *p.also))),
        lambda p: not words.isdisjoint(map(key, (p.student, *p.also))),
        lambda p: p.email and key(p.email) in words,
        lambda p: not spelt.isdisjoint(spellings(p.name)),
        lambda p: p.email and key(p.email.partition("@")[0]) in locals_,
        lambda p: not numbers.isdisjoint(map(key, (p.student, p.email, *p.also))),
        # A group stands before the name, or a number behind it.
        lambda p: " " in p.name.strip() and not inside.isdisjoint(spellings(p.name)),
    )
    for rank, fits in enumerate(rules):
        fit = [person for person in people if fits(person)]
        if len(fit) == 1:
            return rank, fit[0].student
    return None


def _parts(name: str) -> list[str]:
    """What may be a name or number alone: `Group A-Ada Ray`, `Ada Ray (12345)`, `12345_Ada Ray`."""
    pieces = [piece.strip() for piece in re.split(r"\s+-\s+|[()\[\]_]", name)]
    behind = [name[m.end() :].strip() for m in re.finditer("-", name)]
    return [part for part in (*pieces, *behind) if part]


def spellings(name: str) -> set[str]:
    """A name without accents of Latin letters, spaces and signs, begun with each of its words.

    "Ada King Lovelace", "Lovelace, Ada King" and Canvas's "lovelaceadaking" have one in common, and
    so have "Müller", "Mueller" and "Muller".
    """
    folded = normal(name).casefold()
    found = set()
    for variant in (folded, folded.translate(_UMLAUTS)):
        words = _letters(variant).split()
        found |= {"".join(words[n:] + words[:n]) for n in range(len(words))}
    return found


def _letters(text: str) -> str:
    """The text without accents of Latin letters, and with spaces for signs."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(c for c in plain if not "\u0300" <= c <= "\u036f").translate(_LETTERS)
    # Vowel signs are letters in half of the scripts of Asia.
    return "".join(c if c.isalnum() or unicodedata.category(c)[0] == "M" else " " for c in plain)


def _plain(sender: Sender) -> str:
    own = sender.number and sender.number != sender.name
    return slug(f"{sender.name}-{sender.number}" if own else sender.name)
