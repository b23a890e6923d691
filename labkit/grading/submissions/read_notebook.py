"""Read a notebook file of unknown origin: mend what can be mended, refuse the rest in words."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from labkit.checks.process.sources import script_cells
from labkit.errors import InputError

if TYPE_CHECKING:
    from nbformat import NotebookNode

LARGEST = 20 * 2**20  # bytes; a lab with all its pictures takes less than a tenth of it
ACCEPTED = 200 * 2**20  # bytes of a file; what is above LARGEST is read without its outputs
MOST_CELLS = 2000
MENDED = "labkit_mended"
"""Key in the notebook's metadata: what `read_notebook` had to mend, as a list of sentences."""

# Lists of outputs and pictures in texts: what makes a notebook large, and grading does not need.
_LARGE = re.compile(r'"(?:outputs|attachments)"\s*:\s*[\[{]')
_MARK = re.compile(r'"(?:[^"\\]|\\.){0,99}+"|["\[\]{}]')  # a short text at once
_IN_TEXT = re.compile(r'["\\]')
_MOST_MARKS = 20_000_000  # some ten seconds of hostile brackets; text has fewer
_NUMBERED = "labkit-cell-"  # the id of a cell that came without one
_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_AGAIN = "Open it in JupyterLab, save it and hand it in again."
# Files of other kinds that are handed in under the name of a notebook.
_KINDS = {
    b"PK\x03\x04": "a zip archive",
    b"%PDF": "a PDF file",
    b"\x1f\x8b": "a compressed file",
    b"\x89PNG": "a picture",
    b"<!": "a web page",
    b"<html": "a web page",
    b"<?xml": "an XML file",
}


def slimmed(data: bytes) -> bytes:
    """The notebook file, without outputs and attachments where it is larger than `LARGEST`.

    JSON's objects take up to thirty times the memory of their text, so they are cut from the text.

    Raises:
        InputError: it is still larger; in words for the student.
    """
    if len(data) > LARGEST:
        data = _cut(_decoded(data, [])).encode()
    if len(data) > LARGEST:
        raise InputError(
            f"without its outputs the file is larger than {LARGEST // 2**20} MiB. "
            "Hand in the notebook of the lab."
        )
    return data


def _cut(text: str) -> str:
    """JSON with nothing in what `_LARGE` finds; text that is no JSON may come back shortened."""
    kept, start, place, depth, inside = [], 0, 0, 0, False
    for _ in range(_MOST_MARKS):
        mark = (_IN_TEXT if inside else _MARK).search(text, place)
        if mark is None:
            break
        place, sign = mark.end(), mark[0]
        if sign == "\\":
            place += 1  # whatever it escapes
        elif sign == '"':
            inside = not inside
        elif sign in "[{]}":
            if depth:  # brackets count within what is cut alone
                depth += 1 if sign in "[{" else -1
                start = start if depth else mark.start()
        elif not depth and (found := _LARGE.match(text, mark.start())):
            kept.append(text[start : found.end()])
            place, depth, start = found.end(), 1, len(text)
    return "".join(kept) + text[start:]


def as_notebook(script: bytes) -> bytes:
    """A .py file as the file of a notebook, see `script_cells`.

    Raises:
        InputError: there is nothing in it, or it is larger than `LARGEST`.
    """
    if len(script) > LARGEST:
        raise InputError(f"the file is larger than {LARGEST // 2**20} MiB.")
    cells = [
        {"cell_type": "code", "metadata": {}, "source": _valid(source), "outputs": []}
        for source in script_cells(_decoded(script, []).removeprefix("\ufeff"))
    ]
    return json.dumps({"cells": cells, "metadata": {}, "nbformat": 4}).encode()


def read_notebook(data: bytes) -> NotebookNode:
    """The cells of a notebook file, without outputs and whatever else grading does not need.

    Of a cell remain its type, source and id, nbgrader's entries in its metadata as far as they are
    plain values, and the attachments of a text.  The metadata of the notebook hold nothing but the
    list `MENDED`.  The same bytes always give the same notebook.

    Raises:
        InputError: there is no notebook in `data`; says why and what to do, for the student.
    """
    import nbformat

    mended: list[str] = []
    data = slimmed(data)
    try:
        raw = _parsed(_decoded(data, mended))
        found = _raw_cells(raw, mended)
        cells = [cell for entry in found if (cell := _cell(entry)) is not None]
    except (RecursionError, MemoryError):
        raise InputError(f"the notebook is nested too deeply or too large. {_AGAIN}") from None
    if not cells:
        raise InputError(f"the notebook holds no cells. {_AGAIN}")
    if len(cells) < len(found):
        mended.append(f"{len(found) - len(cells)} cell(s) that are none were left out")
    taken: set[str] = set()
    for number, cell in enumerate(cells):
        if cell["id"] is None or cell["id"] in taken:
            cell["id"] = f"{_NUMBERED}{number}"
        taken.add(cell["id"])
    return nbformat.from_dict(
        {"cells": cells, "metadata": {MENDED: mended}, "nbformat": 4, "nbformat_minor": 5}
    )


def _decoded(data: bytes, mended: list[str]) -> str:
    if not data.strip():
        raise InputError(f"the file is empty. {_AGAIN}")
    for start, kind in _KINDS.items():
        if data.lstrip()[:5].lower().startswith(start.lower()):
            raise InputError(f"the file is {kind} and no notebook. Hand in the .ipynb file itself.")
    encoding = json.detect_encoding(data)
    for name in (encoding, "cp1252", "latin-1"):
        try:
            text = data.decode(name)
        except UnicodeDecodeError:
            continue
        if name not in ("utf-8", "utf-8-sig"):
            mended.append(f"the file is not UTF-8; it was read as {name}")
        return text
    raise AssertionError("latin-1 decodes everything")


def _parsed(text: str) -> dict[str, Any]:
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        if re.search(r"^[ \t]*<{7} ", text, re.MULTILINE):
            raise InputError(
                "the file holds the marks of an unresolved merge (<<<<<<<). Resolve it, check that "
                "JupyterLab opens the file, and hand it in again."
            ) from None
        raise InputError(
            f"the file is no notebook: its JSON breaks at line {error.lineno}, column "
            f"{error.colno} ({error.msg}). {_AGAIN}"
        ) from None
    except ValueError:  # a number of thousands of digits
        raise InputError(f"the file is no notebook: its JSON cannot be read. {_AGAIN}") from None
    if not isinstance(raw, dict):
        raise InputError(f"the file is no notebook but a JSON {type(raw).__name__}. {_AGAIN}")
    return raw


def _raw_cells(raw: dict[str, Any], mended: list[str]) -> list[Any]:
    """The cells of format 4, or of 3 and older; what the file says of itself is not relied on."""
    cells, sheets, version = raw.get("cells"), raw.get("worksheets"), raw.get("nbformat")
    if isinstance(cells, list):
        if version != 4:
            said = _valid(str(version)[:20])
            mended.append(f"the file says format {said!r}; it was read as format 4")
    elif isinstance(sheets, list):
        cells = []
        for sheet in sheets:
            found = sheet.get("cells") if isinstance(sheet, dict) else None
            cells += found if isinstance(found, list) else []
        mended.append("the notebook is of format 3 or older and was upgraded")
    else:
        raise InputError(f"the file is JSON, but no notebook: it holds no cells. {_AGAIN}")
    if len(cells) > MOST_CELLS:
        raise InputError(
            f"the notebook has {len(cells)} cells; {MOST_CELLS} are allowed. "
            "Hand in the notebook of the lab."
        )
    metadata = _dict(raw.get("metadata"))
    language = _valid(str(_dict(metadata.get("kernelspec")).get("language", "python"))[:20])
    if language.lower() != "python":
        mended.append(f"its kernel is {language!r}; Python was used")
    return cells


def _cell(raw: Any) -> dict[str, Any] | None:
    """The cell without what grading does not need; None where there is no cell."""
    raw = _dict(raw)
    kind = raw.get("cell_type")
    kind = {"heading": "markdown", "html": "markdown"}.get(kind, kind) if _is_text(kind) else "code"
    source = _text(raw.get("source", raw.get("input")))
    if source is None or kind not in ("code", "markdown", "raw"):
        return None
    if raw.get("cell_type") == "heading":
        source = f"# {source}"
    metadata = _dict(raw.get("metadata"))
    # Colab moves the id of a cell into its metadata.
    ids = [id for id in (raw.get("id"), metadata.get("id")) if _is_text(id) and _ID.fullmatch(id)]
    ids = [id for id in ids if not id.startswith(_NUMBERED)]
    nbgrader = {
        _valid(key): _valid(value) if _is_text(value) else value
        for key, value in _dict(metadata.get("nbgrader")).items()
        if value is None or isinstance(value, str | int | float)
    }
    cell = {
        "cell_type": kind,
        "id": ids[0] if ids else None,
        "metadata": {"nbgrader": nbgrader} if nbgrader else {},
        "source": source,
    }
    if kind == "code":
        return cell | {"outputs": [], "execution_count": None}
    attachments = {
        _valid(name): {_valid(mime): _valid(content) for mime, content in bundle.items()}
        for name, bundle in _dict(raw.get("attachments")).items()
        if isinstance(bundle, dict) and bundle and all(map(_is_text, bundle.values()))
    }
    return cell | ({"attachments": attachments} if attachments else {})


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _dict(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: Any) -> str | None:
    """A source, which is a text or a list of lines, with line ends as Python wants them."""
    if isinstance(value, list) and all(map(_is_text, value)):
        value = "".join(value)
    return _valid(value).replace("\r\n", "\n").replace("\r", "\n") if _is_text(value) else None


def _valid(text: str) -> str:
    """The text without halves of UTF-16 pairs, which JSON can spell and no file can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
