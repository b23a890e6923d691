"""Mend what is hard to read: for screen readers (found by axe-core), and at the ends of lines.

What CSS can mend stands in `_static/labkit.css`; wide formulas, tables and figures are made
focusable by `_static/labkit.js`, since only the browser knows which of them are too wide.
"""

from __future__ import annotations

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

_MENDED = (
    # The corner of a table is a header of nothing.
    ("<th></th>", "<td></td>"),
    ('<th class="head"><p></p></th>', '<td class="head"></td>'),
    # A list must hold list items, which the entries of a bibliography with their own role are not.
    ('role="doc-biblioentry"', 'role="listitem"'),
)


class KeptTogether(SphinxPostTransform):
    """No line ends between a number and its percent sign, code apart."""

    default_priority = 900

    def run(self) -> None:
        """Put a space that does not break into the page's prose."""
        code = nodes.FixedTextElement | nodes.literal
        for text in list(self.document.findall(nodes.Text)):
            if " %" in text and not isinstance(text.parent, code):
                kept = re.sub(r"(?<=\d) %", "\N{NO-BREAK SPACE}%", text)
                text.parent.replace(text, nodes.Text(kept))


def setup(app: Sphinx) -> None:
    """Mend the text of each page, and its body before it goes into the template."""
    app.add_post_transform(KeptTogether)
    app.connect("html-page-context", _mend, priority=800)


def _mend(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    body = context.get("body")
    if body:
        for bad, good in _MENDED:
            body = body.replace(bad, good)
        context["body"] = body
