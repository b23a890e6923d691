"""The directive `lab`: how a reader gets the notebook of a chapter's exercises.

    ```{lab} weights
    ```

offers the students' version for download from the site itself, names the command that starts the
lab, and links to Colab and Binder once the course has a public address.
"""

from __future__ import annotations

from docutils import nodes
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


def setup(app: Sphinx) -> None:
    """Register the directive."""
    app.add_directive("lab", Lab)
