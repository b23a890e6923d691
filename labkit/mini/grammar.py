"""Facts, the sentences that report them, and pairs of sentences that agree or differ.

A `Fact` holds what happened; `render` words it in one of many ways (voice, synonyms, order of
the adjuncts, formats of numbers and dates).  A paraphrase is one fact worded twice; a
non-paraphrase words two facts that differ in one to four slots.  Both kinds are worded by the same
rules, so that only the changed slots tell them apart.

Everything is drawn with `random.Random.random`, whose sequence for a seed is the same on every
platform and Python version; `choice`, `shuffle` and sets promise no such thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Final, TypeVar

from labkit.mini import lexicon
from labkit.mini.frames import AMOUNTS, FRAMES, Frame
from labkit.mini.lexicon import Group, Phrase

KINDS: Final[tuple[str, ...]] = (
    "entity",
    "object",
    "polarity",
    "roles",
    "number",
    "place",
    "day",
)
MIN_WORDS: Final = 10  # with punctuation
MAX_WORDS: Final = 20
Day = tuple[int, int]  # (month 1-12, day of the month 2-28), or (0, weekday 0-6)
Span = tuple[int, int, str]  # characters [start, end) of a sentence, and the slot they word

_T = TypeVar("_T")


@dataclass(frozen=True)
class Fact:
    """What a sentence says: the event, who, whom, how much, where and when."""

    frame: Frame
    agents: Group
    agent: int
    patients: Group
    patient: int
    positive: bool
    number: int
    place: str
    day: Day
    source: str | None


@dataclass(frozen=True)
class Pair:
    """Two sentences and how they relate.

    `label` is 1 for a paraphrase, as in MRPC.  `kinds` are the kinds of difference, one for each
    differing slot, in the order of `KINDS`, and empty for a paraphrase.  `spans1` and `spans2` are
    the slots of either sentence in order of place (agent, patient, verb, number, place, day);
    `changed` names the slots that differ.
    """

    sentence1: str
    sentence2: str
    label: int
    kinds: tuple[str, ...]
    spans1: tuple[Span, ...]
    spans2: tuple[Span, ...]
    changed: tuple[str, ...]

    @property
    def differences(self) -> int:
        """Number of differing slots, 0 to 4."""
        return len(self.kinds)


def pick(rng: Random, items: Sequence[_T]) -> _T:
    """One of `items`, each equally likely, by `rng.random` alone."""
    return items[int(rng.random() * len(items))]


def pick_other(rng: Random, items: Sequence[_T], current: _T) -> _T:
    """One of `items` that is not `current`."""
    return pick(rng, [item for item in items if item != current])


def draw_day(rng: Random) -> Day:
    """A weekday (2 of 5) or a date."""
    if rng.random() < 0.4:
        return (0, int(rng.random() * 7))
    return (1 + int(rng.random() * 12), 2 + int(rng.random() * 27))


def draw_fact(rng: Random) -> Fact:
    """A random fact: the frame first, then each slot on its own."""
    frame = pick(rng, FRAMES)
    agents, patients = pick(rng, frame.agents), pick(rng, frame.patients)
    agent, patient = int(rng.random() * len(agents)), int(rng.random() * len(patients))
    while agents[agent] == patients[patient]:
        patient = int(rng.random() * len(patients))
    # Frames that count have no phrase of amount; a source more often keeps them as long as others.
    source_chance = 0.75 if frame.amount == "count" else 0.4
    return Fact(
        frame,
        agents,
        agent,
        patients,
        patient,
        frame.opposite is None or rng.random() < 0.5,
        pick(rng, lexicon.NUMBERS)[0],
        pick(rng, lexicon.PLACES),
        draw_day(rng),
        pick(rng, lexicon.SOURCES) if rng.random() < source_chance else None,
    )


def _other_index(rng: Random, group: Group, taken: Sequence[Phrase]) -> int:
    return pick(rng, [i for i, phrase in enumerate(group) if phrase not in taken])


def _change(rng: Random, fact: Fact, kind: str) -> tuple[Fact, tuple[str, ...]]:
    """`fact` with one difference of the given kind, and the slots that this changed."""
    if kind == "roles":
        swapped = replace(
            fact,
            agents=fact.patients,
            agent=fact.patient,
            patients=fact.agents,
            patient=fact.agent,
        )
        return swapped, ("agent", "patient")
    if kind == "polarity":
        return replace(fact, positive=not fact.positive), ("verb",)
    if kind == "number":
        numbers = [value for value, _ in lexicon.NUMBERS]
        return replace(fact, number=pick_other(rng, numbers, fact.number)), ("number",)
    if kind == "place":
        return replace(fact, place=pick_other(rng, lexicon.PLACES, fact.place)), ("place",)
    if kind == "day":
        return replace(fact, day=_other_day(rng, fact.day)), ("day",)
    taken = (fact.agents[fact.agent], fact.patients[fact.patient])
    if kind == "object" or (fact.frame.patient_is_entity and rng.random() < 0.5):
        return replace(fact, patient=_other_index(rng, fact.patients, taken)), ("patient",)
    return replace(fact, agent=_other_index(rng, fact.agents, taken)), ("agent",)


def _other_day(rng: Random, day: Day) -> Day:
    month, number = day
    if month == 0:
        return (0, pick_other(rng, range(7), number))
    if rng.random() < 0.5:
        return (pick_other(rng, range(1, 13), month), number)
    return (month, pick_other(rng, range(2, 29), number))


def _possible_kinds(frame: Frame) -> list[str]:
    kinds = ["entity", "number", "place", "day"]
    if not frame.patient_is_entity:
        kinds.append("object")
    if frame.opposite is not None:
        kinds.append("polarity")
    if frame.swap:  # twice, as few frames allow it
        kinds += ["roles", "roles"]
    return kinds


def alter(rng: Random, fact: Fact, differences: int) -> tuple[Fact, tuple[str, ...], list[str]]:
    """`fact` with `differences` (1 to 4) slots changed: the new fact, the kinds, the slots."""
    possible = _possible_kinds(fact.frame)
    kinds, slots = [], []
    while len(kinds) < differences:
        kind = pick(rng, possible)
        possible.remove(kind)
        if kind in ("roles", "entity"):  # together they could undo each other
            possible = [other for other in possible if other not in ("roles", "entity")]
        fact, changed = _change(rng, fact, kind)
        kinds.append(kind)
        slots.extend(changed)
    return fact, tuple(kind for kind in KINDS if kind in kinds), slots


def day_text(rng: Random, day: Day) -> str:
    """`day` in words: "Monday", "May 12" or "12 May"."""
    month, number = day
    if month == 0:
        return lexicon.WEEKDAYS[number]
    name = lexicon.MONTHS[month - 1]
    return f"{name} {number}" if rng.random() < 0.5 else f"{number} {name}"


def render(rng: Random, fact: Fact) -> tuple[str, tuple[Span, ...]]:
    """`fact` in words: a sentence in MRPC's tokenised style, and the spans of its slots."""
    pieces: list[tuple[str, str | None]] = []
    place = [("in", None), (fact.place, "place")]
    day = [("on", None), (day_text(rng, fact.day), "day")]
    tail = place + day if rng.random() < 0.5 else day + place
    order = rng.random()
    said_last = rng.random() < 0.5
    if order < 0.3:
        pieces += [*place, (",", None)]
        tail = day
    elif order < 0.6:
        pieces += [*day, (",", None)]
        tail = place
    elif fact.source is not None and not said_last:
        pieces += _attribution(rng, fact.source)
    attributed = fact.source is None or (order >= 0.6 and not said_last)
    pieces += _clause(rng, fact, first=not pieces)
    pieces += tail
    if not attributed:
        pieces += [(",", None), (f"{fact.source} said", None)]
    return _join([*pieces, (".", None)])


def _attribution(rng: Random, source: str) -> list[tuple[str, str | None]]:
    if rng.random() < 0.5:
        return [(f"according to {source}", None), (",", None)]
    return [(f"{source} said", None)]


def _clause(rng: Random, fact: Fact, *, first: bool) -> list[tuple[str, str | None]]:
    frame = fact.frame
    verb = frame.verb if fact.positive or frame.opposite is None else frame.opposite
    agent = [(pick(rng, fact.agents[fact.agent]), "agent")]
    patient = [(pick(rng, fact.patients[fact.patient]), "patient")]
    voice = rng.random()
    pattern = pick(rng, AMOUNTS[frame.amount])
    if frame.amount == "count":
        if first and voice >= 0.5:  # newspapers spell out a number that opens a sentence
            pattern = "{w}"
        patient.insert(0, _amount(pattern, fact.number))
        amount = []
    else:
        amount = [_amount(pattern, fact.number)]
    if voice < 0.5:
        return [*agent, (pick(rng, verb.active), "verb"), *patient, *amount]
    if verb.inverse and voice < 0.75:
        return [*patient, (pick(rng, verb.inverse), "verb"), *agent, *amount]
    was = "were" if frame.plural else "was"
    passive = (f"{was} {pick(rng, verb.passive)}", "verb")
    if frame.amount == "fine":
        return [*patient, passive, *amount, ("by", None), *agent]
    return [*patient, passive, ("by", None), *agent, *amount]


def _amount(pattern: str, number: int) -> tuple[str, str]:
    return pattern.format(d=number, w=lexicon.NUMBER_WORDS[number]), "number"


def _join(pieces: Sequence[tuple[str, str | None]]) -> tuple[str, tuple[Span, ...]]:
    """The pieces joined by spaces, with a capital, and the character spans of the slots."""
    text, spans = "", []
    for words, slot in pieces:
        if text:
            text += " "
        if slot is not None:
            spans.append((len(text), len(text) + len(words), slot))
        text += words
    return text[0].upper() + text[1:], tuple(spans)


def draw_pair(rng: Random, label: int, weights: Sequence[float]) -> Pair:
    """One pair; `weights` are the chances of 1, 2, 3 and 4 differing slots (they sum to 1).

    Both sentences have `MIN_WORDS` to `MAX_WORDS` words and are not the same.
    """
    while True:
        pair = _draw_any_pair(rng, label, weights)
        lengths = [len(sentence.split()) for sentence in (pair.sentence1, pair.sentence2)]
        if min(lengths) < MIN_WORDS or max(lengths) > MAX_WORDS:
            continue
        if pair.sentence1 != pair.sentence2:
            return pair


def _draw_any_pair(rng: Random, label: int, weights: Sequence[float]) -> Pair:
    fact = draw_fact(rng)
    other, kinds, changed = fact, (), []
    if label == 0:
        draw, differences = rng.random(), 1
        while differences < 4 and draw >= sum(weights[:differences]):
            differences += 1
        other, kinds, changed = alter(rng, fact, differences)
    sentence1, spans1 = render(rng, fact)
    sentence2, spans2 = render(rng, other)
    return Pair(sentence1, sentence2, label, kinds, spans1, spans2, tuple(changed))
