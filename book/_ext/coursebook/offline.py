"""Take out what would make the pages ask other servers.

Jupyter Book always loads sphinx-thebe, which names a CDN in an inline constant that its own script
needs, and a public Binder in each page. The book runs no code in the browser, so all of it goes.
"""

from __future__ import annotations

import re
from typing import Any

from sphinx.application import Sphinx

_IN_BODY = re.compile(
    r'\s*<script type="text/x-thebe-config">.*?</script>|<script>kernelName = .*?</script>',
    re.DOTALL,
)


def setup(app: Sphinx) -> None:
    """Run after all extensions have added their scripts."""
    app.connect("html-page-context", _without_thebe, priority=900)


def _without_thebe(app: Sphinx, page: str, template: str, context: dict, doctree: object) -> None:
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if "thebe" not in _text(file).lower()]
    if context.get("body"):
        context["body"] = _IN_BODY.sub("", context["body"])


def _text(file: Any) -> str:
    """Name and inline text of a script or style sheet."""
    body = getattr(file, "attributes", {}).get("body", "")
    return f"{getattr(file, 'filename', file)} {body}"
