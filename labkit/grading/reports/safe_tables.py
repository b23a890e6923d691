"""Tables that spreadsheets open without harm."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from labkit.files import replacing

if TYPE_CHECKING:
    import pandas as pd

_FORMULA = "=+-@＝＋－＠"


def harmless(value: Any) -> Any:
    """A cell that no spreadsheet takes for a formula; other cells are returned as they are.

    Excel, LibreOffice and Google Sheets run what starts with one of `= + - @` (also full width) or
    a tab or line end; an apostrophe before it makes it text (OWASP, "CSV Injection").
    """
    if not isinstance(value, str) or len(value) < 2:
        return value
    risky = value[0] in "\t\r\n" or value.lstrip()[:1] in tuple(_FORMULA)
    return f"'{value}" if risky else value


def write_csv(frame: pd.DataFrame, path: Path | str) -> Path:
    """Write `frame` as RFC 4180 has it, in UTF-8, with every cell of text made `harmless`.

    Raises:
        SourceError: the file cannot be written.
    """
    safe = frame.map(harmless).rename(columns=harmless)
    with replacing(path) as temporary:
        safe.to_csv(temporary, index=False, encoding="utf-8", lineterminator="\r\n")
    return Path(path)
