"""Documents of 8 to 14 sentences about one fact, from the grammar of the sentence pairs.

The first sentence reports the fact (`grammar.render`); the others (`templates`) take up who and
what it names.  What a document has settled holds to its end: the same places, days and numbers
come again, names and definite phrases and pronouns agree with what they stand for, verbs with
their subjects, and what is said of the fact with whether it is positive.  So there is something to
learn that three words in a row do not tell.

Everything is drawn with `random.Random.random`, as in `grammar`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from random import Random
from typing import Final

from labkit.mini import lexicon
from labkit.mini.grammar import Day, Fact, day_text, draw_day, draw_fact, pick, pick_other, render
from labkit.mini.references import (
    BOTH,
    EVENTS,
    FOLLOWERS,
    MEETING,
    PRONOUNS,
    Entity,
    entity_of,
    persons,
    speakers,
    told_apart,
)
from labkit.mini.templates import LESS, TEMPLATES, TIMES, UNITS, Template

MIN_SENTENCES: Final = 8
MAX_SENTENCES: Final = 14
_PRONOUN: Final = 0.65  # chance, where a pronoun is clear
_SAME_TOPIC: Final = 0.45  # chance that a sentence goes on about the last one's subject
SLOT: Final = re.compile(r"\{(\w+)(?:([.:])([\w|]+))?\}")


@dataclass
class _Story:
    """A document under way: what it is about, and what has been said."""

    fact: Fact
    entities: dict[str, Entity]
    values: Mapping[str, str | int | Day]
    glad: bool
    known: set[str] = field(default_factory=lambda: {"A", "P"})
    topic: str = "A"


def _start(rng: Random) -> _Story:
    fact = draw_fact(rng)
    frame = fact.frame
    agent, patient = fact.agents[fact.agent], fact.patients[fact.patient]
    others = [
        person
        for person, phrase in zip(persons(), lexicon.PERSONS, strict=True)
        if phrase not in (agent, patient)
    ]
    side = EVENTS[frame.name][0 if fact.positive else 1]
    entities = {
        "A": entity_of(agent),
        "P": entity_of(patient),
        "E": pick(rng, side),
        "R": pick(rng, others),
        "H": pick(rng, FOLLOWERS),
        "M": MEETING,
    }
    if frame.name in BOTH:
        entities["T"] = BOTH[frame.name]
    entities = told_apart(entities.items())
    entities["S"] = pick(rng, speakers(pick(rng, entities["A"].again)))
    numbers = [value for value, _ in lexicon.NUMBERS]
    before = pick_other(rng, numbers, fact.number)
    fewer, more = LESS.get(frame.amount, ("fewer", "more"))
    day2 = draw_day(rng)
    while day2 == fact.day:
        day2 = draw_day(rng)
    verb = frame.verb if fact.positive or frame.opposite is None else frame.opposite
    values = {
        "n": fact.number,
        "m": before,
        "k": pick(rng, numbers),
        "y": pick(rng, numbers),
        "unit": UNITS.get(frame.amount) or pick(rng, patient),
        "less": fewer if before < fact.number else more,
        "rose": "rose" if before < fact.number else "fell",
        "time": pick(rng, TIMES),
        "place": fact.place,
        "place2": pick_other(rng, lexicon.PLACES, fact.place),
        "day": fact.day,
        "day2": day2,
        "passive": pick(rng, verb.passive),
    }
    return _Story(fact, entities, values, rng.random() < 0.5)


@cache
def _templates(frame: str, positive: bool, glad: bool) -> tuple[Template, ...]:
    return tuple(
        template
        for template in TEMPLATES
        if frame in template.frames
        and template.positive in (None, positive)
        and template.glad in (None, glad)
    )


@cache
def topic_of(template: Template) -> str | None:
    """The key of the first entity that is not an object, or None."""
    for key, _, form in SLOT.findall(template.text):
        if key.isupper() and form in ("", "name"):
            return key
    return None


def _next(rng: Random, story: _Story, pool: list[Template]) -> Template:
    same = [template for template in pool if topic_of(template) == story.topic]
    chosen = pick(rng, same if same and rng.random() < _SAME_TOPIC else pool)
    pool.remove(chosen)
    return chosen


def _number(rng: Random, value: int) -> str:
    return str(value) if rng.random() < 0.5 else lexicon.NUMBER_WORDS[value]


def _value(rng: Random, story: _Story, key: str) -> str:
    value = story.values[key]
    if isinstance(value, tuple):
        return day_text(rng, value)
    return _number(rng, value) if isinstance(value, int) else value


def _mention(rng: Random, story: _Story, key: str, form: str, said: set[str], topic: str) -> str:
    """A form of an entity: `form` is "", "obj" or "name"; `said` holds what the sentence names."""
    entity = story.entities[key]
    subject, (obj, _) = entity.pronoun, PRONOUNS[entity.pronoun]
    if form == "obj" and key in said:
        return obj
    if key == story.topic and form != "name" and key in story.known:
        clear = form == "" or story.entities[topic].pronoun != entity.pronoun
        if clear and rng.random() < _PRONOUN:
            return subject if form == "" else obj
    forms = entity.again if key in story.known else entity.first
    return pick(rng, forms).replace("{n}", _number(rng, story.fact.number))


def _word(rng: Random, story: _Story, template: Template) -> str:
    """The sentence of a template; the story then knows what it named."""
    topic = topic_of(template) or story.topic
    said: set[str] = set()
    words = []
    for piece in template.text.split():
        slot = SLOT.fullmatch(piece)
        if slot is None:
            words.append(piece)
            continue
        key, mark, form = slot.groups()
        if mark == ":":
            words.append(form.split("|")[story.entities[key].plural])
        elif form == "its":
            words.append(PRONOUNS[story.entities[key].pronoun][1])
        elif key.isupper():
            words.append(_mention(rng, story, key, form or "", said, topic))
            said.add(key)
        else:
            words.append(_value(rng, story, key))
    story.known |= said
    story.topic = topic
    return capital(" ".join(words))


def capital(sentence: str) -> str:
    """`sentence` with a capital, behind a quotation mark where it opens with one."""
    at = 2 if sentence.startswith('" ') else 0
    return sentence[:at] + sentence[at].upper() + sentence[at + 1 :]


def draw_document(rng: Random) -> tuple[str, ...]:
    """The sentences of one document, the fact first."""
    story = _start(rng)
    sentences = [render(rng, story.fact)[0]]
    pool = list(_templates(story.fact.frame.name, story.fact.positive, story.glad))
    length = MIN_SENTENCES + int(rng.random() * (MAX_SENTENCES - MIN_SENTENCES + 1))
    while len(sentences) < length:
        sentences.append(_word(rng, story, _next(rng, story, pool)))
    return tuple(sentences)


def document_stream(rng: Random) -> Iterator[str]:
    """Documents without end, each on one line, its sentences joined by spaces."""
    while True:
        yield " ".join(draw_document(rng))
