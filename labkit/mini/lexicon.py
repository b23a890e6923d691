"""The words of the self-made corpus: who, what, where, when.

All names are invented.  A phrase is a tuple of variants with the same meaning; any of them may
stand for it in a sentence.  Groups hold phrases of one type, so that a changed slot stays
plausible: a chipmaker becomes another chipmaker, a ministry another institution.
"""

from typing import Final

Phrase = tuple[str, ...]
Group = tuple[Phrase, ...]

COMPANY_NAMES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("chipmaker", ("Arvent", "Brelco", "Corvix", "Dunmar")),
    ("airline", ("Elvaro", "Fendaq", "Galvor", "Hestor")),
    ("retailer", ("Ivanta", "Jorrel", "Kestro", "Lombar")),
    ("carmaker", ("Mirado", "Nortek", "Opaline", "Pravo")),
    ("brewer", ("Quillan", "Rostane", "Selmar", "Tandrel")),
    ("drugmaker", ("Umbrix", "Vantor", "Welmed", "Xandril")),
    ("bank", ("Yorland", "Zelcor", "Baxmar", "Credan")),
)


def _company(kind: str, name: str) -> Phrase:
    return (f"{kind} {name}", f"the {kind} {name}", f"{kind} group {name}")


COMPANIES: Final[tuple[Group, ...]] = tuple(
    tuple(_company(kind, name) for name in names) for kind, names in COMPANY_NAMES
)

_PERSON_NAMES: Final[tuple[tuple[str, tuple[str, ...]], ...]] = (
    ("Senator", ("Kell", "Orlo", "Brandt", "Ostrow", "Vale", "Tamsin")),
    ("Governor", ("Harrow", "Lindqvist", "Marsh", "Pell", "Duarte", "Novak")),
    ("Mayor", ("Quist", "Sorrel", "Ames", "Whitlow", "Rask", "Ferro")),
)

PERSONS: Final[Group] = tuple(
    (f"{title} {name}",) for title, names in _PERSON_NAMES for name in names
)

CLUBS: Final[Group] = tuple(
    (f"the {name}", f"the visiting {name}" if i % 2 else f"the young {name}")
    for i, name in enumerate(
        ("Falcons", "Miners", "Otters", "Pilots", "Ravens", "Sailors", "Tigers", "Wolves")
    )
)

INSTITUTIONS: Final[Group] = (
    ("the transport ministry", "the ministry of transport"),
    ("the finance ministry", "the ministry of finance"),
    ("the health ministry", "the ministry of health"),
    ("the energy ministry", "the ministry of energy"),
    ("the high court",),
    ("the city council", "the town council"),
    ("the senate", "the state senate"),
    ("the trade commission",),
    ("the harbor authority", "the port authority"),
    ("the housing agency",),
)

FORCES: Final[Group] = (
    ("the police", "police officers"),
    ("border guards",),
    ("customs officers", "customs agents"),
    ("soldiers", "army troops"),
    ("the coast guard",),
    ("detectives", "city detectives"),
)

DISASTERS: Final[Group] = (
    ("a storm", "a gale"),
    ("a flood",),
    ("a fire", "a blaze"),
    ("an earthquake", "a quake"),
    ("a landslide", "a mudslide"),
    ("a tornado", "a twister"),
)

PLANS: Final[Group] = (
    ("the tunnel project", "the tunnel plan"),
    ("the railway project", "the railway plan"),
    ("the airport project", "the airport plan"),
    ("the hospital project", "the hospital plan"),
    ("the school reform", "the school bill"),
    ("the pension reform", "the pension bill"),
    ("the tax reform", "the tax bill"),
    ("the water treaty", "the water accord"),
    ("the fishing treaty", "the fishing accord"),
    ("the border treaty", "the border accord"),
)

ASSETS: Final[Group] = (
    ("a steel plant", "a steel factory"),
    ("a paper plant", "a paper factory"),
    ("a cement plant", "a cement factory"),
    ("a gold mine",),
    ("a copper mine",),
    ("a coal mine",),
    ("an oil field",),
    ("a gas field",),
    ("a shipyard",),
    ("a vineyard",),
    ("a newspaper",),
    ("a software firm", "a software company"),
)

PAYMENTS: Final[Group] = (
    ("wages", "salaries"),
    ("pensions",),
    ("bonuses",),
    ("dividends",),
    ("service fees", "service charges"),
    ("retail prices",),
    ("training budgets",),
    ("travel budgets",),
)

STAFF: Final[Group] = (
    ("engineers",),
    ("drivers",),
    ("managers",),
    ("lawyers", "attorneys"),
    ("designers",),
    ("nurses",),
    ("guards",),
    ("cooks",),
)

SUSPECTS: Final[Group] = (
    ("protesters", "demonstrators"),
    ("smugglers",),
    ("students",),
    ("sailors", "seamen"),
    ("fishermen",),
    ("tourists",),
    ("reporters", "journalists"),
    ("farmers",),
)

SITES: Final[Group] = (
    ("stores", "shops"),
    ("offices",),
    ("factories", "plants"),
    ("warehouses", "depots"),
    ("laboratories", "labs"),
    ("restaurants",),
    ("garages",),
)

BUILDINGS: Final[Group] = (
    ("houses", "homes"),
    ("bridges",),
    ("schools",),
    ("barns",),
    ("churches",),
    ("greenhouses",),
    ("hotels",),
    ("boats", "ships"),
)

PLACES: Final[tuple[str, ...]] = (
    "Torvik",
    "Almera",
    "Brenholm",
    "Castrel",
    "Dorsund",
    "Eskova",
    "Farlow",
    "Grenmoor",
    "Halsby",
    "Istrava",
    "Jelna",
    "Korsund",
    "Lindrup",
    "Marrow",
    "Nesbo",
    "Orsha",
    "Pellworth",
    "Ravna",
    "Stavor",
    "Ulmen",
)

SOURCES: Final[tuple[str, ...]] = (
    "officials",
    "witnesses",
    "local media",
    "a spokesman",
    "a report",
)

WEEKDAYS: Final[tuple[str, ...]] = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)

MONTHS: Final[tuple[str, ...]] = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

NUMBERS: Final[tuple[tuple[int, str], ...]] = (
    (2, "two"),
    (3, "three"),
    (4, "four"),
    (5, "five"),
    (6, "six"),
    (7, "seven"),
    (8, "eight"),
    (9, "nine"),
    (10, "ten"),
    (11, "eleven"),
    (12, "twelve"),
    (13, "thirteen"),
    (14, "fourteen"),
    (15, "fifteen"),
    (16, "sixteen"),
    (17, "seventeen"),
    (18, "eighteen"),
    (19, "nineteen"),
    (20, "twenty"),
    (30, "thirty"),
    (40, "forty"),
    (50, "fifty"),
    (60, "sixty"),
    (70, "seventy"),
    (80, "eighty"),
    (90, "ninety"),
)
NUMBER_WORDS: Final[dict[int, str]] = dict(NUMBERS)
