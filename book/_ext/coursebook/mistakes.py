"""The directive `mistakes`: what the checks of a lab were tried on.

    ```{mistakes} weights
    ```

shows a table of the lab's exercises, the mistakes that their checks name, and how many answers
were tried.  It holds no answer: students read the book, too.
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from labkit.labs.answers import mistakes_table

VARIANTS = Path(__file__).parents[3] / "tests/labs/variants"


class Mistakes(SphinxDirective):
    """`{mistakes} NAME`, with the name of a lab."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """The table."""
        self.env.note_reread()  # the answers lie outside the book
        text = mistakes_table(VARIANTS, self.arguments[0])
        box = nodes.container(classes=["mistakes"])
        lines = StringList(text.splitlines(), self.state.document["source"])
        self.state.nested_parse(lines, self.content_offset, box)
        return [box]


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("mistakes", Mistakes)
