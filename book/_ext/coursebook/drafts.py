"""Say on each page of a draft (`labkit book --draft`) that it is one."""

from __future__ import annotations

from sphinx.application import Sphinx
from sphinx.config import Config

from labkit.book.draft import drafted

SAID = "A draft: its numbers are those of fewer examples than the text speaks of."


def setup(app: Sphinx) -> None:
    """Run before the theme reads its options."""
    app.connect("config-inited", _announce)


def _announce(app: Sphinx, config: Config) -> None:
    if drafted():
        config.html_theme_options["announcement"] = SAID
