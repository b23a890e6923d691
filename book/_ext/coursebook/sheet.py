"""The directives `sheet` and `decks`: what instructors plan with.

    ```{sheet}
    ```

shows what each lab asks for, from the registry and the labs' notebooks, and

    ```{decks}
    ```

lists the slides of the chapters (`coursebook.slides`).
"""

from __future__ import annotations

from pathlib import Path

from docutils import nodes
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from coursebook.slides import CHAPTER, FOLDER
from labkit.grading.sandbox.limits import Limits
from labkit.labs.sheet import sheet_table


class Sheet(SphinxDirective):
    """`{sheet}`, without arguments."""

    def run(self) -> list[nodes.Node]:
        """The table."""
        self.env.note_reread()  # the notebooks lie outside the book

        def link(chapter: str) -> str:
            there = f"book/{chapter}" in self.env.found_docs
            number = int(chapter.partition("-")[0])
            return f"[{number}]({chapter}.md)" if there else str(number)

        memory = Limits().memory / 2**30
        text = (
            f"{sheet_table(Path(self.env.srcdir), link)} "
            f"A submission is graded within {memory:g} GiB of memory."
        )
        box = nodes.container(classes=["sheet"])
        lines = StringList(text.splitlines(), self.state.document["source"])
        self.state.nested_parse(lines, self.content_offset, box)
        return [box]


class Decks(SphinxDirective):
    """`{decks}`, without arguments."""

    def run(self) -> list[nodes.Node]:
        """A list of links to pages that Sphinx does not know, as they are made of its own."""
        found = filter(None, map(CHAPTER.fullmatch, sorted(self.env.found_docs)))
        items = "".join(
            f'<li><a href="../{FOLDER}/{one[1]}.html">{one[1]}</a></li>' for one in found
        )
        return [nodes.raw("", f"<ul>{items}</ul>", format="html")]


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("sheet", Sheet)
    app.add_directive("decks", Decks)
