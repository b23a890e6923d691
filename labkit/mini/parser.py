"""Which sentences are of the grammar of the mini text, and what share of a text is.

A sentence is of the grammar if it is one that `stories` can make: a fact (`grammar.render`) or a
sentence of `templates`, its constituents in their order, made of phrases that are known, verbs in
the number of their subjects, pronouns in the number and case of their place.  Each sentence is
looked at alone: whether a text contradicts itself, or what a pronoun stands for, is not asked.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import product
from typing import Final

from labkit.mini import lexicon
from labkit.mini.frames import AMOUNTS, FRAMES, Frame
from labkit.mini.lexicon import Group
from labkit.mini.references import (
    BOTH,
    FOLLOWERS,
    FRAME_BY_NAME,
    MEETING,
    PRONOUNS,
    Entity,
    agents_of,
    events_of,
    patients_of,
    persons,
    speakers,
)
from labkit.mini.stories import SLOT
from labkit.mini.templates import LESS, TEMPLATES, TIMES, UNITS, Template


def is_grammatical(sentence: str) -> bool:
    """Whether `sentence`, its words and marks apart by single spaces, is one of the grammar.

    Begins with a capital and ends in " ."; see the module for what is looked at.
    """
    at = 2 if sentence.startswith('" ') else 0
    first = sentence[at : at + 1]
    if not first or first != first.upper():
        return False
    lowered = sentence[:at] + first.lower() + sentence[at + 1 :]
    words = set(sentence.split())
    for candidate in dict.fromkeys((sentence, lowered)):
        known = words | set(candidate.split())
        for needed, pattern in _patterns():
            if needed <= known and pattern().fullmatch(candidate):
                return True
    return False


def sentences(text: str) -> list[str]:
    """The whole sentences of a text, each up to its " ."; what follows the last one is left out."""
    return [part.strip() for part in re.findall(r".+? \.(?=\s|$)", text, flags=re.DOTALL)]


def grammatical_share(texts: Iterable[str]) -> float:
    """Share (0 to 1) of the whole sentences of `texts` that are grammatical; NaN without any.

    A text that breaks off in the middle of a sentence, as one of a fixed number of tokens does, is
    judged without that last piece; one that has no whole sentence counts as one that is not
    grammatical, unless it is empty.
    """
    right = total = 0
    for text in texts:
        found = sentences(text) or ([text] if text.strip() else [])
        right += sum(map(is_grammatical, found))
        total += len(found)
    return right / total if total else float("nan")


class _Pattern:
    """A pattern that is compiled at its first use."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.compiled: re.Pattern[str] | None = None

    def __call__(self) -> re.Pattern[str]:
        if self.compiled is None:
            self.compiled = re.compile(self.source)
        return self.compiled


@cache
def _patterns() -> tuple[tuple[frozenset[str], _Pattern], ...]:
    """Each pattern, with words without which no sentence matches it."""
    found = [(frozenset(words), _Pattern(source)) for words, source in _facts()]
    for template in TEMPLATES:
        needed = frozenset(word for word in template.text.split() if "{" not in word)
        found += [(needed, _Pattern(source)) for source in _template_patterns(template)]
    return tuple(found)


def _any(forms: Iterable[str]) -> str:
    """A pattern for any of the forms as they stand."""
    return f"(?:{'|'.join(map(re.escape, sorted(set(forms), key=len, reverse=True)))})"


_NUMBER: Final = _any(form for n, word in lexicon.NUMBERS for form in (str(n), word))
_PLACE: Final = _any(lexicon.PLACES)
_MONTH, _DATE = _any(lexicon.MONTHS), _any(map(str, range(2, 29)))
_DAY: Final = f"(?:{_any(lexicon.WEEKDAYS)}|{_MONTH} {_DATE}|{_DATE} {_MONTH})"


def _group(groups: Iterable[Group]) -> str:
    return _any(form for group in groups for phrase in group for form in phrase)


def _numbered(pattern: str, kinds: str = "dw") -> str:
    """A pattern for a form with `{d}` or `{w}`, the number in digits or in words."""
    digits = _any(str(n) for n, _ in lexicon.NUMBERS)
    words = _any(word for _, word in lexicon.NUMBERS)
    escaped = re.escape(pattern)
    escaped = escaped.replace(re.escape("{d}"), digits if "d" in kinds else "(?!)")
    return escaped.replace(re.escape("{w}"), words)


def _facts() -> Iterator[tuple[set[str], str]]:
    """Patterns of the first sentences: for each frame the voices, and around them the adjuncts."""
    place, day, source = f"in {_PLACE}", f"on {_DAY}", _any(lexicon.SOURCES)
    said = f"(?: , {source} said)?"
    for frame in FRAMES:
        for clause in _clauses(frame):
            yield {"in", "on", "."}, f"{place} , {clause} {day}{said} \\."
            yield {"in", "on", "."}, f"{day} , {clause} {place}{said} \\."
            tail = f"(?:{place} {day}|{day} {place})"
            yield {"in", "on", "."}, f"{clause} {tail}{said} \\."
            yield (
                {"in", "on", "."},
                f"(?:according to {source} ,|{source} said) {clause} {tail} \\.",
            )


def _clauses(frame: Frame) -> Iterator[str]:
    agent, patient = _group(frame.agents), _group(frame.patients)
    amount = f"(?:{'|'.join(_numbered(form) for form in AMOUNTS[frame.amount])})"
    behind = f" {amount}"
    if frame.amount == "count":
        patient, behind = f"{amount} {patient}", ""
    was = "were" if frame.plural else "was"
    for verb in (frame.verb, frame.opposite):
        if verb is None:
            continue
        yield f"{agent} {_any(verb.active)} {patient}{behind}"
        if verb.inverse:
            yield f"{patient} {_any(verb.inverse)} {agent}{behind}"
        if frame.amount == "fine":
            yield f"{patient} {was} {_any(verb.passive)}{behind} by {agent}"
        else:
            yield f"{patient} {was} {_any(verb.passive)} by {agent}{behind}"


def _entities(key: str, frame: Frame) -> list[Entity]:
    """All that a key of a template can stand for in a frame."""
    return {
        "A": agents_of,
        "P": patients_of,
        "E": events_of,
        "R": lambda _: persons(),
        "H": lambda _: list(FOLLOWERS),
        "S": lambda _: list(speakers("")),
        "M": lambda _: [MEETING],
        "T": lambda frame: [BOTH[frame.name]] if frame.name in BOTH else [],
    }[key](frame)


@cache
def _mentions(key: str, frames: tuple[str, ...], pronoun: str | None, form: str) -> str | None:
    """A pattern for an entity with this pronoun (None: any) in a slot; None where there is none."""
    found = {
        entity
        for name in frames
        for entity in _entities(key, FRAME_BY_NAME[name])
        if pronoun in (None, entity.pronoun)
    }
    if not found:
        return None
    forms = {text for entity in found for text in (*entity.first, *entity.again)}
    if form != "name":
        shown = {entity.pronoun for entity in found}
        forms |= {PRONOUNS[one][0] for one in shown} if form == "obj" else shown
    whose = _speakers_of(frames) if key == "S" else ""
    patterns = [
        re.escape(text).replace(re.escape("{n}"), _NUMBER) + (whose if text[-1] == " " else "")
        for text in sorted(forms, key=len, reverse=True)
    ]
    return f"(?:{'|'.join(patterns)})"


@cache
def _speakers_of(frames: tuple[str, ...]) -> str:
    """A pattern for those for whom someone may speak, as a spokesman's first mention has them."""
    agents = [entity for name in frames for entity in agents_of(FRAME_BY_NAME[name])]
    return _any(form for entity in agents for form in (*entity.again, entity.first[0]))


def _values(frames: Sequence[str]) -> dict[str, str]:
    """A pattern for each value of a template that is used in `frames`."""
    used = [FRAME_BY_NAME[name] for name in frames]
    units = [UNITS[frame.amount] for frame in used if frame.amount in UNITS]
    units += [
        form
        for frame in used
        if frame.amount not in UNITS
        for group in frame.patients
        for phrase in group
        for form in phrase
    ]
    verbs = [verb for frame in used for verb in (frame.verb, frame.opposite) if verb]
    return {
        **dict.fromkeys(("n", "m", "k", "y"), _NUMBER),
        **dict.fromkeys(("place", "place2"), _PLACE),
        **dict.fromkeys(("day", "day2"), _DAY),
        "unit": _any(units),
        "less": _any(form for frame in used for form in LESS.get(frame.amount, ("fewer", "more"))),
        "rose": _any(("rose", "fell")),
        "time": _any(TIMES),
        "passive": _any(form for verb in verbs for form in verb.passive),
    }


def _template_patterns(template: Template) -> Iterator[str]:
    """Patterns of a template, one for each choice of pronouns where something agrees with them.

    Frame by frame where words of the frame stand beside one another.
    """
    slots = SLOT.findall(template.text)
    keys = {key for key, _, _ in slots if key.isupper()}
    agree = sorted({key for key, mark, form in slots if mark == ":" or form == "its"})
    of_frame = keys & {"A", "P", "E", "T", "S"}
    by_frame = len(of_frame) > 1 or any(key in ("unit", "less", "passive") for key, _, _ in slots)
    for frames in [(name,) for name in template.frames] if by_frame else [template.frames]:
        values = _values(frames)
        for chosen in product(PRONOUNS, repeat=len(agree)):
            pronouns = dict.fromkeys(keys) | dict(zip(agree, chosen, strict=True))
            pattern = _one_pattern(template, frames, values, pronouns)
            if pattern is not None:
                yield pattern


def _one_pattern(
    template: Template,
    frames: tuple[str, ...],
    values: dict[str, str],
    pronouns: dict[str, str | None],
) -> str | None:
    pieces = []
    for word in template.text.split():
        slot = SLOT.fullmatch(word)
        if slot is None:
            pieces.append(re.escape(word))
            continue
        key, mark, form = slot.groups()
        if mark == ":":
            pieces.append(form.split("|")[pronouns[key] == "they"])
        elif form == "its":
            pieces.append(PRONOUNS[pronouns[key]][1])
        elif key.isupper():
            mention = _mentions(key, frames, pronouns[key], form or "")
            if mention is None:
                return None
            pieces.append(mention)
        else:
            pieces.append(values[key])
    return " ".join(pieces)
