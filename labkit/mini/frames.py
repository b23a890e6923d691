"""The events that the corpus reports: verbs with their opposites, and who can do what to whom."""

from dataclasses import dataclass
from typing import Final

from labkit.mini import lexicon
from labkit.mini.lexicon import Group


@dataclass(frozen=True)
class Verb:
    """One meaning in all its wordings.

    `active` stands between agent and patient, `passive` follows "was" or "were" and is followed
    by "by", `inverse` stands between patient and agent ("lost to").
    """

    active: tuple[str, ...]
    passive: tuple[str, ...]
    inverse: tuple[str, ...] = ()


@dataclass(frozen=True)
class Frame:
    """A type of event.

    `agents` and `patients` are groups of phrases; a changed slot takes another phrase of the same
    group.  `amount` says what the number counts (see `AMOUNTS`; "count" puts it before the
    patient).  `plural` is the number of the patient, for the passive.  `swap` allows agent and
    patient to change places.
    """

    name: str
    agents: tuple[Group, ...]
    patients: tuple[Group, ...]
    verb: Verb
    opposite: Verb | None
    amount: str
    plural: bool
    swap: bool = False
    patient_is_entity: bool = False


# Each amount in all its wordings; {d} is the number in digits, {w} in words.
AMOUNTS: Final[dict[str, tuple[str, ...]]] = {
    "money": ("for {d} million dollars", "for {w} million dollars", "for $ {d} million"),
    "fine": ("{d} million dollars", "{w} million dollars", "$ {d} million"),
    "percent": ("by {d} percent", "by {w} percent", "by {d} %"),
    "points": ("by {d} points", "by {w} points", "by a margin of {d} points"),
    "votes": ("by {d} votes", "by {w} votes", "by a margin of {w} votes"),
    "people": (
        "in front of {d} reporters",
        "in front of {w} reporters",
        "before {w} reporters",
        "before {d} reporters",
    ),
    "count": ("{d}", "{w}"),
}

FRAMES: Final[tuple[Frame, ...]] = (
    Frame(
        "approval",
        (lexicon.INSTITUTIONS,),
        (lexicon.PLANS,),
        Verb(("approved", "endorsed", "passed"), ("approved", "endorsed", "passed")),
        Verb(
            ("rejected", "did not approve", "blocked", "voted down"),
            ("rejected", "not approved", "blocked", "voted down"),
        ),
        "votes",
        plural=False,
    ),
    Frame(
        "pay",
        lexicon.COMPANIES,
        (lexicon.PAYMENTS,),
        Verb(("raised", "increased", "lifted"), ("raised", "increased", "lifted")),
        Verb(("cut", "lowered", "reduced"), ("cut", "lowered", "reduced")),
        "percent",
        plural=True,
    ),
    Frame(
        "lawsuit",
        lexicon.COMPANIES,
        lexicon.COMPANIES,
        Verb(("sued", "filed a lawsuit against"), ("sued", "taken to court")),
        None,
        "money",
        plural=False,
        swap=True,
        patient_is_entity=True,
    ),
    Frame(
        "match",
        (lexicon.CLUBS,),
        (lexicon.CLUBS,),
        Verb(("beat", "defeated"), ("beaten", "defeated"), ("lost to",)),
        None,
        "points",
        plural=True,
        swap=True,
        patient_is_entity=True,
    ),
    Frame(
        "speech",
        (lexicon.PERSONS,),
        (lexicon.PERSONS,),
        Verb(("praised", "hailed"), ("praised", "hailed")),
        Verb(("criticized", "attacked"), ("criticized", "attacked")),
        "people",
        plural=False,
        swap=True,
        patient_is_entity=True,
    ),
    Frame(
        "staff",
        lexicon.COMPANIES,
        (lexicon.STAFF,),
        Verb(("hired", "took on", "recruited"), ("hired", "taken on", "recruited")),
        Verb(("dismissed", "laid off"), ("dismissed", "laid off")),
        "count",
        plural=True,
    ),
    Frame(
        "arrest",
        (lexicon.FORCES,),
        (lexicon.SUSPECTS,),
        Verb(("arrested", "detained"), ("arrested", "detained")),
        Verb(("released", "freed"), ("released", "freed", "set free")),
        "count",
        plural=True,
    ),
    Frame(
        "sites",
        lexicon.COMPANIES,
        (lexicon.SITES,),
        Verb(("opened", "launched"), ("opened", "launched")),
        Verb(("closed", "shut"), ("closed", "shut")),
        "count",
        plural=True,
    ),
    Frame(
        "disaster",
        (lexicon.DISASTERS,),
        (lexicon.BUILDINGS,),
        Verb(("destroyed", "wrecked"), ("destroyed", "wrecked")),
        None,
        "count",
        plural=True,
    ),
    Frame(
        "fine",
        (lexicon.INSTITUTIONS,),
        lexicon.COMPANIES,
        Verb(("fined",), ("fined",)),
        None,
        "fine",
        plural=False,
        patient_is_entity=True,
    ),
    Frame(
        "takeover",
        lexicon.COMPANIES,
        (lexicon.ASSETS,),
        Verb(("bought", "acquired", "purchased"), ("bought", "acquired", "purchased")),
        Verb(("sold", "gave up"), ("sold", "given up")),
        "money",
        plural=False,
    ),
)
