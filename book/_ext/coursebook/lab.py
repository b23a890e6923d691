"""The directives `lab` and `online`: how a reader gets the notebooks, and the course.

    ```{lab} weights
    ```

offers the students' version for download from the site itself, names the command that starts the
lab, and links to Colab and Binder once the course has a public address. What stands in

    ```{online}
    Get it: `git clone ADDRESS`
    ```

appears only then, with the address in the place of ADDRESS.
"""

from __future__ import annotations

from docutils import nodes
from docutils.statemachine import StringList
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from coursebook.address import public_address


class Lab(SphinxDirective):
    """`{lab} NAME`, with the name of a folder of exercises/."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """A paragraph of links."""
        name = self.arguments[0]
        path = f"exercises/{name}/{name}.ipynb"
        download = addnodes.download_reference(
            "", f"{name}.ipynb", reftarget=f"/{path}", refdoc=self.env.docname, refexplicit=True
        )
        parts: list[nodes.Node] = [nodes.Text("Download "), download]
        if address := public_address(self.config):
            places = {"Colab": address.colab(path), "Binder": address.binder(path)}
            for place, url in places.items():
                link = nodes.reference("", f"open it in {place}", refuri=url, internal=False)
                parts += [nodes.Text(", "), link]
        command = f"labkit start {name}"
        parts += [
            nodes.Text(", or run "),
            nodes.literal(command, command),
            nodes.Text(" in the course's folder: it copies the notebook and opens it."),
        ]
        paragraph = nodes.paragraph("", "", *parts)
        box = nodes.container("", paragraph, classes=["lab-links"])
        self.set_source_info(box)
        self.set_source_info(paragraph)
        return [box]


class Online(SphinxDirective):
    """`{online}`: text for a course with a public address, and nothing without one."""

    has_content = True

    def run(self) -> list[nodes.Node]:
        """The content, parsed, or nothing."""
        address = public_address(self.config)
        if address is None:
            return []
        lines = [line.replace("ADDRESS", address.url) for line in self.content]
        text = StringList(lines, self.state.document["source"])
        box = nodes.container()
        self.state.nested_parse(text, self.content_offset, box)
        return box.children


def setup(app: Sphinx) -> None:
    """Register the directives."""
    app.add_directive("lab", Lab)
    app.add_directive("online", Online)
