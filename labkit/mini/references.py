"""Who and what a document speaks of, and the forms in which it is taken up again.

An `Entity` is named in full at first ("chipmaker Arvent"), then by a definite phrase or its name
("the chipmaker", "Arvent") or by a pronoun that agrees with it ("it").
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from labkit.mini import lexicon
from labkit.mini.frames import FRAMES, Frame
from labkit.mini.lexicon import Phrase

PRONOUNS: Final[dict[str, tuple[str, str]]] = {
    "it": ("it", "its"),
    "they": ("them", "their"),
    "he": ("him", "his"),
    "she": ("her", "her"),
}
"""Subject form → object form and possessive."""


@dataclass(frozen=True)
class Entity:
    """Someone or something: its `first` mention, later ones (`again`), and its pronoun.

    `{n}` in a form stands for the number of the fact, in digits or in words.
    """

    first: tuple[str, ...]
    again: tuple[str, ...]
    pronoun: str

    @property
    def plural(self) -> bool:
        """Whether its verbs are in the plural."""
        return self.pronoun == "they"


def _head(phrase: str) -> str:
    """The definite phrase for a noun phrase: "the ministry" for "the ministry of transport"."""
    return f"the {phrase.partition(' of ')[0].split()[-1]}"


def _heads(phrase: Phrase) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_head(variant) for variant in phrase))


@cache
def _persons() -> dict[Phrase, Entity]:
    found = {}
    for number, phrase in enumerate(lexicon.PERSONS):
        title, name = phrase[0].split()
        pronoun = "she" if number % 2 else "he"
        found[phrase] = Entity(phrase, (name, f"the {title.lower()}"), pronoun)
    return found


@cache
def _companies() -> dict[Phrase, Entity]:
    found = {}
    for group, (kind, names) in zip(lexicon.COMPANIES, lexicon.COMPANY_NAMES, strict=True):
        for phrase, name in zip(group, names, strict=True):
            found[phrase] = Entity(phrase, (name, f"the {kind}"), "it")
    return found


@cache
def entity_of(phrase: Phrase) -> Entity:
    """The entity that a phrase of the lexicon names."""
    if phrase in _persons():
        return _persons()[phrase]
    if phrase in _companies():
        return _companies()[phrase]
    if phrase in lexicon.CLUBS:
        return Entity(phrase, (phrase[0],), "they")
    if phrase in lexicon.FORCES:
        if phrase[0] == "the coast guard":
            return Entity(phrase, phrase, "it")
        return Entity(phrase, _heads(phrase), "they")
    counted = (lexicon.STAFF, lexicon.SUSPECTS, lexicon.SITES, lexicon.BUILDINGS)
    if any(phrase in group for group in counted):
        forms = (*(f"the {word}" for word in phrase), *(f"the {{n}} {word}" for word in phrase))
        return Entity(phrase, forms, "they")
    if phrase in lexicon.PAYMENTS:
        return Entity(phrase, _heads(phrase), "they")
    return Entity(phrase, _heads(phrase), "it")


def noun(text: str, *, plural: bool = False) -> Entity:
    """An entity that is always called the same."""
    return Entity((text,), (text,), "they" if plural else "it")


EVENTS: Final[dict[str, tuple[tuple[Entity, ...], tuple[Entity, ...]]]] = {
    "approval": (
        (noun("the approval"), noun("the vote")),
        (noun("the rejection"), noun("the vote")),
    ),
    "pay": ((noun("the increase"), noun("the raise")), (noun("the cut"), noun("the reduction"))),
    "lawsuit": ((noun("the lawsuit"), noun("the claims", plural=True)), ()),
    "match": ((noun("the match"), noun("the result")), ()),
    "speech": (
        (noun("the praise"), noun("the speech")),
        (noun("the criticism"), noun("the attacks", plural=True)),
    ),
    "staff": (
        (noun("the hiring"), noun("the new contracts", plural=True)),
        (noun("the layoffs", plural=True), noun("the dismissals", plural=True)),
    ),
    "arrest": (
        (noun("the arrests", plural=True), noun("the operation")),
        (noun("the release"), noun("the decision")),
    ),
    "sites": (
        (noun("the opening"), noun("the openings", plural=True)),
        (noun("the closures", plural=True), noun("the closure")),
    ),
    "disaster": ((noun("the damage"), noun("the losses", plural=True)), ()),
    "fine": ((noun("the fine"), noun("the penalty")), ()),
    "takeover": ((noun("the purchase"), noun("the deal")), (noun("the sale"), noun("the deal"))),
}
"""What each frame's event is called, where it is positive and where it is negative."""

BOTH: Final[dict[str, Entity]] = {
    "lawsuit": noun("the two companies", plural=True),
    "match": noun("the two clubs", plural=True),
    "speech": noun("the two politicians", plural=True),
}
"""Agent and patient together."""

FOLLOWERS: Final[tuple[Entity, ...]] = tuple(
    noun(f"the {word}{'s' if plural else ''}", plural=plural)
    for word in ("lawyer", "adviser", "friend", "critic", "rival")
    for plural in (False, True)
)
"""Heads of "the lawyers of the chipmaker": the verb agrees with them, not with the nearer noun."""

MEETING: Final = Entity(("a meeting",), ("the meeting",), "it")


def speakers(agent_form: str) -> tuple[Entity, Entity]:
    """The man and the woman who speak for the one that `agent_form` names."""
    return (
        Entity((f"a spokesman for {agent_form}",), ("the spokesman",), "he"),
        Entity((f"a spokeswoman for {agent_form}",), ("the spokeswoman",), "she"),
    )


def agents_of(frame: Frame) -> list[Entity]:
    """All entities that can be the agent of a frame."""
    return [entity_of(phrase) for group in frame.agents for phrase in group]


def patients_of(frame: Frame) -> list[Entity]:
    """All entities that can be the patient of a frame."""
    return [entity_of(phrase) for group in frame.patients for phrase in group]


def persons() -> list[Entity]:
    """All persons."""
    return list(_persons().values())


def events_of(frame: Frame) -> list[Entity]:
    """All names of a frame's event."""
    return [entity for side in EVENTS[frame.name] for entity in side]


def told_apart(entities: Iterable[tuple[str, Entity]]) -> dict[str, Entity]:
    """The entities by key, without those later forms that more than one of them has."""
    named = dict(entities)
    uses: dict[str, int] = {}
    for entity in named.values():
        for form in entity.again:
            uses[form] = uses.get(form, 0) + 1
    kept = {}
    for key, entity in named.items():
        own = tuple(form for form in entity.again if uses[form] == 1)
        kept[key] = replace(entity, again=own or entity.first[:1])
    return kept


FRAME_BY_NAME: Final[dict[str, Frame]] = {frame.name: frame for frame in FRAMES}
