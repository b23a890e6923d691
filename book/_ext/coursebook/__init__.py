"""What the course's book adds to Jupyter Book; `_config.yml` names this package."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from coursebook import (
    address,
    cached,
    drafts,
    excerpts,
    lab,
    mistakes,
    offline,
    onepage,
    readable,
    sheet,
    slides,
    verify,
)


def setup(app: Sphinx) -> dict[str, Any]:
    """Called by Sphinx."""
    # The order matters at the end of a build: the print version is made of mended pages, and the
    # last look is at everything.
    parts = (
        *(cached, drafts, address, lab, mistakes, sheet, offline, readable),
        *(onepage, excerpts, slides, verify),
    )
    for part in parts:
        part.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
