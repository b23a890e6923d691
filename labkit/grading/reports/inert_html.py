"""Make the HTML of a notebook's texts inert: in Formgrader and on feedback pages.

Markdown may hold HTML, and a text of a student is shown to whoever grades it, on a page that may do
in JupyterLab all that this person may.  Here remain text, tables, pictures within the notebook and
links that are seen for what they are; nothing that runs, and nothing that calls home.
"""

from __future__ import annotations

import html
import re

_TAGS = {
    *("a", "abbr", "b", "code", "del", "em", "i", "img", "kbd", "s", "span", "strong", "sub"),
    *("sup", "u", "blockquote", "br", "details", "div", "hr", "p", "pre", "summary"),
    *("h1", "h2", "h3", "h4", "h5", "h6", "dd", "dl", "dt", "li", "ol", "ul"),
    *("table", "tbody", "td", "th", "thead", "tr"),
}
_LINK = re.compile(r"(?:https?:|mailto:|#)|[\w./%-]+(?:#|$)", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[\w+/=\s]*")
_ENTITY = re.compile(r"&#?\w+;?")
# MathJax's ways to a link, which may be one to a script.
_MATH = re.compile(r"\\(?=href|mmlToken)")


def inert(text: str) -> str:
    """The HTML without anything that runs or loads; a filter in place of nbconvert's own.

    That one, `strip_files_prefix`, comes behind `markdown2html` in each of nbgrader's templates.
    """
    import bleach
    from nbconvert.filters.strings import strip_files_prefix

    clean = bleach.clean(
        strip_files_prefix(text),
        tags=_TAGS,
        attributes=_allowed,
        protocols={"http", "https", "mailto", "data"},
    )
    return _MATH.sub("", _ENTITY.sub(_character, clean))


def _allowed(tag: str, name: str, value: str) -> bool:
    if name == "href":
        return tag == "a" and _LINK.match(value) is not None
    if name == "src":
        return tag == "img" and _PICTURE.fullmatch(value) is not None
    return name in ("alt", "title", "class", "start", "align")


def _character(entity: re.Match) -> str:
    """What an entity stands for, so that no word hides in it, unless HTML needs it as it is."""
    found = html.unescape(entity[0])
    return entity[0] if set(found) & set("<>&\"'`=") else found
