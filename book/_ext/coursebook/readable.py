"""Mend what Jupyter Book's theme leaves unreadable for screen readers (found by axe-core).

What CSS can mend stands in `_static/labkit.css`; wide formulas, tables and figures are made
focusable by `_static/labkit.js`, since only the browser knows which of them are too wide.
"""

from __future__ import annotations

from sphinx.application import Sphinx

_MENDED = (
    # The corner of a table is a header of nothing.
    ("<th></th>", "<td></td>"),
    ('<th class="head"><p></p></th>', '<td class="head"></td>'),
    # A list must hold list items, which the entries of a bibliography with their own role are not.
    ('role="doc-biblioentry"', 'role="listitem"'),
)


def setup(app: Sphinx) -> None:
    """Mend the body of each page before it goes into the template."""
    app.connect("html-page-context", _mend, priority=800)


def _mend(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    body = context.get("body")
    if body:
        for bad, good in _MENDED:
            body = body.replace(bad, good)
        context["body"] = body
