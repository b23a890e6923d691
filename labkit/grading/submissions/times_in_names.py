"""Read the times that learning platforms write into the names of files."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, tzinfo

# The first three letters, without accents: English, German, French, Spanish, Dutch.
_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            *("jan ene", "feb fev", "mar maa mrz", "apr avr abr", "may mai mei"),
            *("jun juin", "jul juil", "aug aou ago", "sep", "oct okt", "nov", "dec dez dic"),
        ),
        start=1,
    )
    for name in names.split()
}
_DAY = (
    r"(?:(?P<month>[^\W\d_]+)\.? (?P<day>\d{1,2}),?"
    r"|(?P<day2>\d{1,2})\.? (?P<month2>[^\W\d_]+)\.?,?) (?P<year>\d{4})"
)
_HALF = r"(?: ?(?P<half>[AaPp])\.?[Mm]\.?)?(?!\w)"
DATE = re.compile(rf"{_DAY},? (?P<hour>\d{{1,2}}?)[:.h ]?(?P<minute>\d{{2}}){_HALF}")
"""Sep 24, 2024 926 PM; 13 September 2025 3:10 PM; 24 sept. 2024 21h26."""


def written_out(text: str) -> datetime | None:
    """The time in words at the beginning of `text`, without a zone; None where there is none."""
    found = DATE.match(text)
    if found is None:
        return None
    month = _month(found["month"] or found["month2"])
    hour, half = int(found["hour"]), (found["half"] or "").lower()
    if month is None or (half and not 1 <= hour <= 12):
        return None
    if half:
        hour = hour % 12 + 12 * (half == "p")
    day = int(found["day"] or found["day2"])
    return _moment(int(found["year"]), month, day, hour, int(found["minute"]))


def digits(text: str) -> datetime | None:
    """The time that 2027-03-01-10-30-00 and 20270301103000 name; None where they name none."""
    only = re.sub(r"\D", "", text)
    parts = [only[:4], *(only[n : n + 2] for n in range(4, 14, 2))]
    return _moment(*map(int, parts)) if len(only) == 14 else None


def in_utc(moment: datetime | None, zone: tzinfo | None = None) -> str:
    """The time as `Handed.submitted` has it; one without a zone is taken to be in `zone`.

    Without `zone` that is the zone of this machine.  Empty where there is no time.
    """
    from datetime import UTC

    if moment is None:
        return ""
    try:
        if moment.tzinfo is None and zone is not None:
            moment = moment.replace(tzinfo=zone)
        return moment.astimezone(UTC).isoformat()
    except (OverflowError, ValueError, OSError):
        return ""


def _month(name: str) -> int | None:
    plain = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return _MONTHS.get(plain[:4]) or _MONTHS.get(plain[:3])


def _moment(*parts: int) -> datetime | None:
    try:
        return datetime(*parts)
    except ValueError:
        return None
