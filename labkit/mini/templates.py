"""The sentences that follow a document's first one, as templates.

Slots in braces: an entity as subject (`{A}`), as object (`{A.obj}`), by name and never by a pronoun
(`{A.name}`), its possessive (`{A.its}`); two forms of a verb of which the entity's number takes one
(`{A:was|were}`); else a value of the document (`{place}`).

Entities: A agent and P patient of the fact, E the event, R a person who has a view of it, S who
speaks for the agent, H a follower of the agent, M a meeting, T agent and patient together.  Values:
`n` the number of the fact, `m` the same a year before, `unit` what both count, `less` and `rose`
how they compare, `k` a number of jobs or offices, `y` of years, `time` of the day, `place`, `day`,
`place2` and `day2` of the meeting, `passive` the verb.
"""

from dataclasses import dataclass
from typing import Final

from labkit.mini.frames import FRAMES


@dataclass(frozen=True)
class Template:
    """A sentence with slots, and where it holds.

    `frames` are the names of the frames that use it; `positive` and `glad` say for which fact and
    for which view of R (None: for both).
    """

    text: str
    frames: tuple[str, ...]
    positive: bool | None = None
    glad: bool | None = None


TIMES: Final = ("early in the morning", "around noon", "late in the evening")
LESS: Final = {
    "money": ("less", "more"),
    "fine": ("less", "more"),
    "percent": ("less", "more"),
}
"""How the smaller and the greater amount is called; "fewer" and "more" where it is countable."""
UNITS: Final[dict[str, str]] = {
    "money": "million dollars",
    "fine": "million dollars",
    "percent": "percent",
    "points": "points",
    "votes": "votes",
    "people": "reporters",
}

_ALL = tuple(frame.name for frame in FRAMES)
_ACTORS = tuple(name for name in _ALL if name != "disaster")
_OFFICES = ("approval", "pay", "lawsuit", "staff", "sites", "fine", "takeover")


def _for(frames: tuple[str, ...] | str, *texts: str, **when: bool) -> list[Template]:
    names = (frames,) if isinstance(frames, str) else frames
    return [Template(text, names, **when) for text in texts]


TEMPLATES: Final[tuple[Template, ...]] = (
    *_for(
        _ALL,
        "{E} {E:was|were} reported in {place} on {day} .",
        "{E} {E:has|have} been the talk of {place} since {day} .",
        "{E} {E:comes|come} {y} years after a similar case in {place2} .",
        "{M.name} about {E.name} will be held in {place2} on {day2} .",
        "{R} will travel to {place2} for {M.obj} .",
        "{M} will be open to all , and {R.name} will lead it on {day2} .",
        "in {place} , {E} {E:is|are} on every front page .",
        "the year before , the figure was {m} {unit} , {less} than now .",
        "it is not clear why the figure {rose} from {m} to {n} .",
        "{E.name} , like the case in {place2} {y} years ago , {E:divides|divide} all of {place} .",
        "{R} has asked for the names of all witnesses before {day2} .",
    ),
    *_for(
        _ALL,
        "{R.name} , who has lived in {place} for {y} years , welcomed {E.obj} .",
        "{R} called {E.obj} good news for {place} .",
        '" this is a good day for {place} , " {R} said .',
        '" we are glad about {E.name} , " {R} said on {day} .',
        '" {place} has waited {y} years for this , " said {R.name} .',
        glad=True,
    ),
    *_for(
        _ALL,
        "{R.name} , who has lived in {place} for {y} years , was upset about {E.obj} .",
        "{R} called {E.obj} bad news for {place} .",
        '" this is a bad day for {place} , " {R} said .',
        '" we are sorry about {E.name} , " {R} said on {day} .',
        '" {place} deserves better after {y} years , " said {R.name} .',
        glad=False,
    ),
    *_for(_ACTORS, "{R} has been a friend of {A.obj} for {y} years .", glad=True),
    *_for(_ACTORS, "{R} has been a critic of {A.obj} for {y} years .", glad=False),
    *_for(
        _ACTORS,
        "{H.name} of {A.name} {H:was|were} not in {place} on {day} .",
        "{H.name} of {A.name} {H:is|are} expected in {place2} on {day2} .",
        "{S} said that {A} {A:stands|stand} by {E.name} .",
        "{S} did not say whether {A} {A:was|were} in {place} on {day} .",
        "{A} {A:plans|plan} to explain {A.its} reasons in {place2} on {day2} .",
        "{S} will speak to reporters in {place2} on {day2} .",
        '" {A} {A:has|have} nothing to add , " {S} said .',
        "{P} {P:was|were} {passive} {time} , {S} said .",
        "{A} {A:was|were} seen in {place} {time} .",
        "{S} told {R.name} that {m} {unit} had been expected .",
    ),
    *_for(
        _OFFICES,
        "{A.name} , known for {A.its} {k} offices , {A:keeps|keep} silent until {day2} .",
        "{A.name} , with {k} offices and many rivals , {A:is|are} well known in {place2} .",
    ),
    *_for(
        "approval",
        "{P} {P:is|are} meant to bring {k} jobs to {place} .",
        "{A} {A:has|have} been divided over {P.obj} for {y} years .",
        "without {P.name} , {place} would lose {k} jobs .",
    ),
    *_for("approval", "work on {P.name} can start on {day2} .", positive=True),
    *_for("approval", "work on {P.name} cannot start on {day2} .", positive=False),
    *_for("pay", "{P} will be {n} percent higher from {day2} on .", positive=True),
    *_for("pay", "{P} will be {n} percent lower from {day2} on .", positive=False),
    *_for(
        "pay",
        "{P.name} at {A.name} had not changed for {y} years .",
        "{A} {A:has|have} {k} workers in {place} , and all of them are affected .",
        "{S} said {n} percent was what {A} {A:was|were} able to bear .",
    ),
    *_for(
        "lawsuit",
        "{A} {A:says|say} that {P} {P:owes|owe} {A.obj} {n} million dollars .",
        "{P} {P:has|have} until {day2} to answer .",
        "{T} have been rivals for {y} years .",
        "{T} will meet before a judge in {place2} on {day2} .",
    ),
    *_for(
        "match",
        "{A} {A:has|have} now won {k} games , more than {P.name} .",
        "{T} will meet again in {place2} on {day2} .",
        "{P} {P:was|were} without {P.its} captain in {place} .",
        "{A} led by {n} points at the end , and the fans of {P.name} went home .",
        "{T} have played each other for {y} years .",
    ),
    *_for(
        "speech",
        "{A} spoke for {k} minutes , and the {n} reporters took notes .",
        "{P} {P:was|were} not in {place} for {E.name} .",
        "{T} have known each other for {y} years .",
        "{P} {P:plans|plan} to answer {A.obj} in {place2} on {day2} .",
    ),
    *_for("staff", "{P} will start on {day2} .", positive=True),
    *_for("staff", "{P} will leave on {day2} .", positive=False),
    *_for(
        "staff",
        "{A} now {A:has|have} {k} workers in {place} .",
        "{P} {P:was|were} told {time} , the {place2} office said .",
        "{P} come from {place2} .",
    ),
    *_for("arrest", "{P} are held in {place2} until {day2} .", positive=True),
    *_for("arrest", "{P} are back with {P.its} families in {place2} .", positive=False),
    *_for(
        "arrest",
        "{P.name} , among them {k} from {place2} , have not spoken to {A.name} .",
        "{A} {A:has|have} followed {P.obj} for {y} years .",
        "{P} have asked for a lawyer in {place} .",
    ),
    *_for("sites", "{P} will bring {k} jobs to {place} .", positive=True),
    *_for("sites", "without {P.name} , {place} will lose {k} jobs .", positive=False),
    *_for(
        "sites",
        "{P.name} in {place} belong to {A.name} , which {A:has|have} others in {place2} .",
        "{A} {A:has|have} planned {E.name} for {y} years .",
    ),
    *_for(
        "disaster",
        "{A} reached {place} {time} on {day} .",
        "{P} had stood in {place} for {y} years .",
        "those who lost {P.name} in {A.name} can stay in {place2} .",
        "{A.name} , the worst in {y} years , then moves on to {place2} .",
        "to repair {P.name} will take until {day2} .",
        "{R} saw what {A} had done to {P.name} .",
        "{P} were empty when {A} came {time} .",
        "the {k} people of one street were taken to {place2} .",
    ),
    *_for(
        "fine",
        "{P} {P:has|have} until {day2} to pay the {n} million dollars .",
        "{A} {A:has|have} warned {P.obj} for {y} years .",
        "{P} {P:plans|plan} to fight {E.name} before a judge in {place2} .",
        "{P} {P:has|have} {k} workers in {place} .",
    ),
    *_for("takeover", "{A} paid {n} million dollars for {P.obj} .", positive=True),
    *_for("takeover", "{A} received {n} million dollars for {P.obj} .", positive=False),
    *_for(
        "takeover",
        "{P} {P:has|have} {k} workers in {place} .",
        "{P} {P:has|have} been part of the economy of {place} for {y} years .",
        "the {k} workers of {P.name} were told {time} .",
    ),
)
